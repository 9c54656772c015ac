# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Indices and writes in place; and what is made of plain data: choices, constructors.

Right of _structural; the last of the ops.
"""
cimport numpy as cnp
from cpython.object cimport PyObject, PyTypeObject
from libc.string cimport memcmp

from ._base cimport (ABOVE, ARITY, ATTACHED, BATCHED, BLANK, DEPENDS, DTYPE_RULE, ESCAPED, FORWARD, GRAD_FN, GRAD_OFF,
                     INFERENCE, INFERENCE_TENSOR, INLINE, INLINE32, LARGEST_POSITION, NAMES, NDARRAY, NUMBERS,
                     OP_COPY_REGION, OP_FILL, OP_INDEX, OP_INDEX_SET, OP_POW, OP_STACK, OP_WHERE, POINT_GRAD, TENSOR,
                     TRACED, TRACING, T_BOOL, T_FLOAT, BatchLevel, Call, Py_TYPE, Transform, Variable, alias_of, array_copy_of,
                     array_in, array_of, ask, ask_value, batched, category, check_takes, check_writable, contiguous_copy_of,
                     current_node, default_type, drop_history, edge_of, element_view, enter_modes, fits_element_node, fresh,
                     fresh_on, from_array, from_number, identity, is_variable, leave_graph, leave_modes, levels_seen, locate,
                     make, make_view, materialise, modes, move_tangent, ndarray_of, node_of_write, normal_type,
                     numpy_dtype, overlaps, physical_in, plain, rebind, replace_node, see_levels, set_data,
                     set_requires_grad, set_tangent, settle_grad, shape_tuple, take_node, tangent_in, trace,
                     transformed_once, type_of, warn, write_recorded, write_tangents)
from ._elementwise cimport (Point, elementwise, elementwise_of, finite, given_array, holds_variable, is_operand, is_point,
                            out_of_range, point_op, power, python_number, real_number, variable_word, with_lists)
from ._structural cimport (basic_index, c_name, cast, common_dtype, constant, matmul, permute, product_of, reduce_mean,
                           reduce_sum, reshape, select_view, stack_or_cat, structural, structural_of, warn_of_imaginary)
from ._core cimport (LEAF, LEFT_NUMBER, RIGHT_NUMBER, SAVES, VARIANT, Array, Node, Shape, bump, disown, hold, hold_array,
                     kernel_type, mark_modified, new_array, new_payload, new_shape, ops, promote, release_array, release_shape,
                     same_shape, scalar_shape, write_double, zeros)
from ._kernels cimport MAX_DIMS, fill, intp

import operator

from functools import partial

import numpy as np

from ._base import OPS
from ._base import exchange_physical, name_node
from ._elementwise import as_integer, factor_given
from ._types import SCALAR_NAMES, TENSOR_NAMES, Size, device as _device, to_numpy_dtype

cnp.import_array()


# ---- writes in place

cdef int write_value(Variable v, Variable source) except -1:
    """The elements of source into the place of v's; the graph is the caller's business."""
    if v.array == NULL:
        value = source.value if source.array == NULL else float(plain(source).real)
        v.value = <float>value if v.flags & INLINE32 else value
        return 0
    if source.array == NULL:
        ndarray_of(v.array, False)[...] = source.value
    else:
        np.copyto(ndarray_of(v.array, False), ndarray_of(source.array, False), casting="unsafe")
    bump(v.array.storage)
    return 0


cdef int number_will_change(Variable v, bint tracked) except -1:
    """A 0-d value in the object is about to change: ops that copied it go by its node, so it gets another.

    NumPy's flavour takes the copies as snapshots.
    """
    cdef Node* old = v.node
    if v.array == NULL:
        v.generation += 1
    if v.array != NULL or Py_TYPE(<PyObject*>v) == NDARRAY:
        return 0
    if old == NULL:
        if v.extras is not None:
            mark_modified(v.extras.dormant)
        return 0
    if old.owners == 1:
        return 0
    if tracked:
        mark_modified(old)
        return 0
    # a step of training while some graph still holds the leaf, or values changed without a record
    mark_modified(old)
    return replace_node(v)


cdef object inplace(int op, object target, object other, bint is_unary):
    """v op= other: computed beside, then written; the result's node becomes v's."""
    cdef Variable v = <Variable>target
    cdef object computed
    cdef Array* into
    check_writable(v)
    if modes() & ABOVE and (is_unary or is_operand(other)):
        taken = ask(NAMES[op], (v,) if is_unary else (v, other), (), v)
        if taken is not NotImplemented:
            return write_result(v, <Variable?>taken)
    if modes() & TRACED:
        trace(v, other, None)
    if DTYPE_RULE[op] == 2:
        return condition_in_place(op, v, other, is_unary)
    if (v.array != NULL and modes() & (GRAD_OFF | INFERENCE) and not modes() & FORWARD and kernel_type(v.array.type) >= 0
            and op != OP_POW and safe_into(v, other)):
        into = hold_array(v.array)
        try:
            computed = elementwise_of(op, v, other, into)
            if computed is NotImplemented:
                return NotImplemented
            bump(into.storage)
        finally:
            release_array(into)
        return v
    if op == OP_POW:
        computed = power(v, other, True)
    else:
        # total += x[i]
        computed = point_op(op, v, other) if v.array == NULL and not is_unary and not modes() else None
        if computed is None:
            computed = elementwise_of(op, v, None if is_unary else other, NULL, True)
    if computed is NotImplemented:
        if not is_unary:            # x += [1.0, 2.0] without this were x = x + [1.0, 2.0], which leaves x's views behind
            pair = with_lists(v, other)
            if pair is not None:
                return inplace(op, v, pair[1], False)
        return NotImplemented
    return write_result(v, <Variable>computed)


cdef object condition_in_place(int op, Variable v, object other, bint is_unary):
    """v.eq_(other): 0 and 1 in v's dtype, of derivative 0."""
    cdef Variable result
    cdef Array* out
    cdef Node* left
    computed = elementwise_of(op, v, None if is_unary else other, NULL)
    if computed is NotImplemented:
        return NotImplemented
    values = plain(<Variable>computed) if is_variable(computed) else np.asarray(computed)
    out = array_of(values.astype(numpy_dtype(type_of(v))))
    try:
        left = edge_of(v)
        if left != NULL and not same_shape(v.array.shape if v.array != NULL else scalar_shape, out.shape):
            left = NULL         # refused below
        result = make(OP_FILL, 0, Py_TYPE(<PyObject*>v), out, NULL if left == NULL else new_payload(out.type, out.shape), left,
                      NULL, None, None, ())
    finally:
        release_array(out)
    if result.node != NULL:
        names = GRAD_FN[op]
        name_node(result, names if type(names) is str else names["" if is_variable(other) else "tn"])
    return write_result(v, result)


cdef int check_result(Variable v, Variable result) except -1:
    """Raise unless a result fits into the place of v's value."""
    if Py_TYPE(<PyObject*>v) == NDARRAY:
        if type_of(result) != type_of(v):
            given, wanted = numpy_dtype(type_of(result)), numpy_dtype(type_of(v))
            if not np.can_cast(given, wanted, "same_kind"):
                raise TypeError(f"Cannot cast the result of an operation in place from {given!r} to {wanted!r} with casting "
                                "rule 'same_kind'")
        if tuple(result.shape) != tuple(v.shape):
            raise ValueError(f"non-broadcastable output operand with shape {tuple(v.shape)} doesn't match the broadcast shape "
                             f"{tuple(result.shape)}")
        return 0
    if type_of(result) != type_of(v) and category(type_of(result)) > category(type_of(v)):
        raise RuntimeError(f"result type {SCALAR_NAMES[numpy_dtype(type_of(result)).name]} can't be cast to the desired "
                           f"output type {SCALAR_NAMES[numpy_dtype(type_of(v)).name]}")
    if tuple(result.shape) != tuple(v.shape):
        raise RuntimeError(f"output with shape {list(v.shape)} doesn't match the broadcast shape {list(result.shape)}")
    return 0


cdef object write_result(Variable v, Variable result):
    """A result computed beside becomes v's value, its node v's node; returns v.  The caller asked check_writable."""
    cdef Node* node
    cdef bint tracked
    check_result(v, result)
    if type_of(result) != type_of(v):
        result = <Variable>cast(result, numpy_dtype(type_of(v)))
    tracked = not modes() & (GRAD_OFF | INFERENCE)
    if result is v:
        return v
    node = hold(result.node)
    try:
        check_takes(v, node)
        if tracked and v.array == NULL and node != NULL and node.flags & SAVES:
            # this op holds its own copy of the value that goes; the others that do are told by MODIFIED
            promote(node).snapshot = True
        if modes() & (FORWARD | TRACED):
            move_tangent(v, result)
        number_will_change(v, tracked)
        write_value(v, result)
        if tracked and (node != NULL or current_node(v) != NULL):
            rebind(v, hold(node))
    finally:
        disown(node)
    return v


cdef bint safe_into(Variable v, object other) except -1:
    """Whether a loop may write v's elements while it reads the other operand: no partial overlap, no promotion."""
    cdef Variable o
    if other is None or type(other) in (int, float):
        return True
    if not is_variable(other):
        return False
    o = <Variable>other
    if o.array == NULL:         # of another dtype, it gives way to what has dimensions, and to that alone
        return type_of(o) == v.array.type or (v.array.shape.ndim and Py_TYPE(<PyObject*>v) == TENSOR
                                              and Py_TYPE(<PyObject*>o) == TENSOR)
    if o.array.type != v.array.type:
        return False
    return o.array.storage != v.array.storage and (o.array.storage.base == NULL and v.array.storage.base == NULL) or o is v


cdef object fill_in(Variable v, object value, bint is_zero=False):
    check_writable(v)
    if is_variable(value):
        if (<Variable>value).numel() != 1:
            raise RuntimeError("fill_ only supports 0-dimension value tensor but got tensor with "
                               f"{(<Variable>value).ndim} dimensions.")
        copy_in(v, value, "FillBackward3")
        return v
    value = plain_number(value)
    if modes() & ABOVE:
        taken = ask("copy_region", (v, value), (identity,), v)
        if taken is not NotImplemented:
            return write_result(v, <Variable?>taken)
    if category(type_of(v)) < 3:
        value = real_number(value, c_name(type_of(v)))
    # An error, if there is one, before anything is changed.
    value = float(value) if v.array == NULL else ready(value, type_of(v), Py_TYPE(<PyObject*>v) == TENSOR)
    if modes() & FORWARD:
        move_tangent(v, None)
    number_will_change(v, not modes() & (GRAD_OFF | INFERENCE))
    if v.array == NULL:
        v.value = <float>value if v.flags & INLINE32 else value
    else:
        ndarray_of(v.array, False)[...] = value
        bump(v.array.storage)
    if modes() & (GRAD_OFF | INFERENCE):
        return v
    write_recorded(v, OP_FILL, None, NULL, "ZeroBackward0" if is_zero else None)
    return v


cdef object plain_number(object value):
    if isinstance(value, (int, float, complex, np.generic)):
        return value
    raise TypeError(f"expected a number or a Tensor of one element, not {type(value).__name__}")


cdef int copy_in(Variable v, object given, str name="CopyBackwards") except -1:
    """v[...] = given, recorded: the cotangent of v goes to given, and to what v was goes 0."""
    cdef Variable source
    cdef Node* right
    check_writable(v)
    if modes() & TRACED:
        trace(v, given, None)
    source = <Variable>given if is_variable(given) else <Variable>tensor(given)
    if modes() & ABOVE:
        taken = ask("copy_region", (v, source), (identity,), v)
        if taken is not NotImplemented:
            write_result(v, <Variable?>taken)
            return 0
    if category(type_of(source)) == 3:
        warn_of_imaginary(v)
    if source.ndim > v.ndim:
        raise RuntimeError(f"output with shape {list(v.shape)} doesn't match the broadcast shape {list(source.shape)}")
    right = hold(edge_of(source)) if category(type_of(v)) > 1 else NULL     # integers never enter the graph
    try:
        check_takes(v, right)
        number_will_change(v, not modes() & (GRAD_OFF | INFERENCE))
        if v.array == NULL:
            write_value(v, source)
        else:
            write_broadcast(v.array, source)
            bump(v.array.storage)
        if not modes() & (GRAD_OFF | INFERENCE):
            write_recorded(v, OP_COPY_REGION, identity, right, name)
    finally:
        disown(right)
    if modes() & FORWARD:
        write_tangents(v, source, copied)
    return 0


cdef int write_broadcast(Array* target, Variable source) except -1:
    if source.array == NULL:
        if target.shape.ndim == 0 and kernel_type(target.type) >= 0:
            write_double(target.type, target.data, source.value)
        else:
            ndarray_of(target, False)[...] = source.value
        return 0
    out = ndarray_of(target, False)
    a = ndarray_of(source.array, False)
    try:
        out[...] = a.real if a.dtype.kind == "c" and out.dtype.kind != "c" else a
    except ValueError:
        raise RuntimeError(f"shape mismatch: value tensor of shape {list(source.shape)} cannot be broadcast to indexing "
                           f"result of shape {list(shape_tuple(target.shape))}") from None
    return 0


def become_view(Variable x, function, str grad_fn):
    """x becomes the view of it that function makes, under a node of the given name: t_() and the like.  Returns x.

    Views of x keep their places in the storage by x's geometry, so x must have none.
    """
    cdef int previous
    cdef Variable v
    cdef Array* array
    cdef Node* before
    check_writable(x)
    before = current_node(x)
    unrecorded = before != NULL and before.flags & LEAF and modes() & (GRAD_OFF | INFERENCE)
    if x.flags & ATTACHED or (unrecorded and (x.path is not None or x.flags & BATCHED or modes() & TRACING
                                              or (modes() & FORWARD and tangent_in(x) is not None))):
        raise NotImplementedError("the shape of a leaf that requires grad cannot change in place without a record: use the "
                                  "method without the underscore")
    if x.path is None and x.history != NULL and x.history.owners > 1:
        raise NotImplementedError("the shape of a Variable that has views cannot change in place: use the method without the "
                                  "underscore")
    if modes() & FORWARD and x.path is not None and tangent_in(x) is not None:
        raise NotImplementedError("in forward mode, the shape of a view cannot change in place: use the method without the "
                                  "underscore")
    if unrecorded:      # a leaf takes other data: the same elements, in other places
        set_data(x, function(alias_of(x, True)))
        bump(x.array.storage)
        return x
    # of a result, it is recorded also under no_grad: no value changes, and the gradient that arrives has the new shape
    previous = enter_modes(0, GRAD_OFF | INFERENCE if before != NULL else 0)
    try:
        v = <Variable>function(x)
    finally:
        leave_modes(previous)
    if x.flags & BATCHED:
        exchange_physical(x, v)
        return x
    if v.node != NULL:
        name_node(v, grad_fn)
    if x.flags & POINT_GRAD:
        settle_grad(x)
    array, x.array = x.array, v.array
    v.array = array
    take_node(x, v)
    bump(x.array.storage)
    if x.path is not None:
        x.path = v.path
    leave_graph(v)
    if x.path is None:
        if x.history != NULL:
            drop_history(x, x.array)
        if modes() & (FORWARD | TRACED):
            move_tangent(x, v)
    return x


# ---- indexing

cdef tuple unpacked(Variable x, object index):
    """An index that is no tuple, as one.

    PyTorch takes a list that holds more than numbers for a tuple, and warns that this will end; NumPy takes it for an array.
    """
    if type(index) is list and Py_TYPE(<PyObject*>x) == TENSOR and len(index) < 32:
        for entry in index:
            if entry is None or entry is Ellipsis or isinstance(entry, (list, tuple, range, slice, np.ndarray, Variable)):
                warn("Using a non-tuple sequence for multidimensional indexing is deprecated; use x[tuple(seq)] instead of "
                     "x[seq], or x[np.array(seq)] for an array of positions")
                return tuple(index)
    return (index,)


cdef tuple plain_index(Variable x, tuple index):
    """An index for NumPy: Variables become plain arrays, NumPy integers ints, lists arrays."""
    cdef bint of_tensor = Py_TYPE(<PyObject*>x) == TENSOR
    cdef list entries = [plain_entry(list(entry) if isinstance(entry, tuple) else entry, of_tensor) for entry in index]
    cdef int ellipses = 0
    if of_tensor:
        # To NumPy an ellipsis that stands for no dimension parts the arrays beside it all the same; to PyTorch it is nothing.
        for entry in entries:
            ellipses += entry is Ellipsis
        if ellipses == 1 and consumed_by(entries) == x.array.shape.ndim:
            entries = [entry for entry in entries if entry is not Ellipsis]
    return tuple(entries)


cdef int consumed_by(object index) except -1:
    """How many dimensions the entries of an index of ints, slices and arrays take up; its ellipsis takes the rest."""
    cdef int consumed = 0
    for entry in index:
        if entry is not None and entry is not Ellipsis:
            consumed += <int>entry.ndim if isinstance(entry, cnp.ndarray) and entry.dtype == bool else 1
    return consumed


cdef object plain_entry(object index, bint masks):
    """One entry; masks: whether bytes are bools, as for PyTorch."""
    if isinstance(index, (Variable, np.ndarray)):
        a = plain(<Variable>index) if isinstance(index, Variable) else index
        if a.dtype.kind not in "iub":
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        if masks and a.dtype == np.uint8:
            warn("indexing with dtype autodiff.uint8 is now deprecated, please use a dtype autodiff.bool instead")
            return np.asarray(a != 0)
        if a.ndim == 0 and a.dtype.kind != "b":
            return int(a)
        return np.array(a, order="C")           # in which writes go: see written_over in helpers/indexing.py
    if isinstance(index, np.bool_) or isinstance(index, bool):
        return np.array(bool(index))
    if isinstance(index, np.integer):
        return int(index)
    if isinstance(index, (list, range)):
        finite(index)
        try:
            a = np.asarray([plain(<Variable>entry) if isinstance(entry, Variable) else entry for entry in index])
        except ValueError:
            raise IndexError("an index list must hold numbers or lists of equal lengths") from None
        if a.size == 0:
            return a.astype(np.int64)
        if a.dtype.kind not in "iub":
            raise IndexError("only integers, slices (`:`), ellipsis (`...`), None and long, byte or bool Variables are valid "
                             "indices")
        return a
    if isinstance(index, slice) or index is None or index is Ellipsis:
        return index
    if hasattr(type(index), "__array__") and not isinstance(index, np.generic):      # a Series of bools, a DataArray
        return plain_entry(np.asarray(index), masks)
    if hasattr(index, "__index__"):
        return int.__index__(operator.index(index))     # an IntEnum is its own index: an int, but not of type int
    raise IndexError("only integers, slices (`:`), ellipsis (`...`), None and long, byte or bool Variables are valid "
                     f"indices (got {type(index).__name__})")


cdef inline bint may_be_element(Variable x, object index) noexcept:
    """Whether it is worth the look: a row of a matrix, x[i], is not."""
    return x.array != NULL and kernel_type(x.array.type) >= 0 and x.array.shape.ndim == (
        1 if type(index) is int else len(<tuple>index) if type(index) is tuple else -1)


cdef bint write_element(Variable x, object index, object value) except -1:
    """x[i] = value or x[i, j] = value, outside of any mode, value without dimensions; False: not so simple."""
    cdef Array* array
    cdef Node* node = NULL
    cdef Point point
    cdef intp[MAX_DIMS] at
    cdef intp position
    cdef char* data
    if not is_point(value, Py_TYPE(<PyObject*>x), &point):
        return False
    try:
        current_node(x)         # first: what it lets go may run code that changes x
        array = x.array
        if (array == NULL or (x.history != NULL and x.generation != x.history.generation) or x.path is not None
                or x.flags & (INFERENCE_TENSOR | ATTACHED) or array.storage.readonly
                or not locate(array, index, at, &position, &data) or (array.strides != NULL and overlaps(array))
                or array.shape.size > LARGEST_POSITION
                or (array.saves and Py_TYPE(<PyObject*>x) == NDARRAY)       # see leave_to_saved
                or (x.node != NULL and (x.node.flags & LEAF or not fits_element_node(x.node, array)))):
            return False
        if x.node != NULL or point.node != NULL:
            # First, as it may fail: a write without its record would give wrong gradients.
            node = node_of_write(x, array, position, point.node)
        write_double(array.type, data, point.value)
        bump(array.storage)
        if node != NULL:
            rebind(x, node)
    finally:
        disown(point.node)
    return True


cdef object getitem(Variable x, object index):
    cdef Transform t
    cdef Variable element, v
    if not modes() and may_be_element(x, index):
        element = element_view(x, index)
        if element is not None:
            return element
    if type(index) is int and x.array != NULL and x.array.shape.ndim:
        return as_element(select_view(x, 0, index, "select"))
    if not isinstance(index, tuple):
        index = unpacked(x, index)
    if modes() & ABOVE and any([is_variable(entry) for entry in index]):
        taken = ask("index", (x,), (index,), None, False, True)
        if taken is not NotImplemented:
            return <Variable?>taken
    if (x.array == NULL or x.array.shape.ndim == 0) and len(index) == 1 and type(index[0]) is int and index[0] == 0:
        return x                # old notebooks: loss.data[0]
    materialise(x)
    t = basic_index(x, index)
    if t is None:
        index = plain_index(x, index)
        t = basic_index(x, index)
    if t is not None:
        v = make_view(x, t, transformed_once(t, x.array))
        return v if has_ellipsis(<tuple>index) else as_element(v)
    if Py_TYPE(<PyObject*>x) == TENSOR:
        first, rest = apart(index)
        if first is not None:
            return getitem(<Variable>getitem(x, first), rest)
    check_index(x, index, False)
    try:
        return structural(OP_INDEX, 0, (x,), (index,))
    except IndexError:
        check_index(x, index, True)
        raise


cdef Variable as_element(Variable v):
    """What an index of integers alone found: of NumPy's flavour a number of its own, no view, where no dimension is left."""
    if Py_TYPE(<PyObject*>v) == NDARRAY and v.ndim == 0:
        return <Variable>v.clone()
    return v


cdef bint has_ellipsis(tuple index) except -1:
    """Whether an index has an ellipsis, which to NumPy makes a view of what has no dimensions."""
    for entry in index:
        if entry is Ellipsis:
            return True
    return False


cdef int check_index(Variable x, tuple index, bint bounds) except -1:
    """PyTorch's words for masks that do not fit, for too many entries and, asked for bounds, for positions out of range."""
    cdef int d = 0, i, ndim
    shape = tuple(x.shape)
    ndim = len(shape)
    consumed = consumed_by(index)
    if consumed > ndim:
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    for entry in index:
        if entry is None:
            continue
        if entry is Ellipsis:
            d += ndim - consumed
        elif isinstance(entry, cnp.ndarray) and entry.dtype == bool:
            for i in range(entry.ndim):
                if entry.shape[i] != shape[d + i]:
                    raise IndexError(f"The shape of the mask {list(entry.shape)} at index {i} does not match the shape of the "
                                     f"indexed tensor {list(shape)} at index {d + i}")
            d += entry.ndim
        else:
            if bounds and isinstance(entry, cnp.ndarray) and entry.size:
                n = shape[d]
                wrong = entry[(entry < -n) | (entry >= n)]
                if wrong.size:
                    raise IndexError(f"index {wrong[0]} is out of bounds for dimension {d} with size {n}")
            d += 1
    return 0


def checked_index(x, tuple index):
    """An index of plain arrays, once it is known to fit x; else IndexError."""
    check_index(<Variable>x, index, True)
    return index


cdef tuple apart(tuple index):
    """Integers beside index arrays are selections of their own in PyTorch: (the basic part, the rest), or (None, None).

    x[0, :, [1, 2]] is x[0][:, [1, 2]]; NumPy would put the array's dimension first.
    """
    cdef list first = []
    cdef list rest = []
    cdef bint any_int = False
    for entry in index:
        if type(entry) is int:
            any_int = True
            first.append(entry)
        elif isinstance(entry, cnp.ndarray):
            first.extend([slice(None)] * (entry.ndim if entry.dtype == bool else 1))
            rest.append(entry)
        elif entry is None:
            first.append(None)
            rest.append(slice(None))
        elif entry is Ellipsis:
            first.append(Ellipsis)
            rest.append(Ellipsis)
        else:
            first.append(entry)
            rest.append(slice(None))
    return (tuple(first), tuple(rest)) if any_int else (None, None)


cdef bint is_whole(object index):
    """Whether a write by an index goes to the Variable itself, for PyTorch, and not to a view of it."""
    if isinstance(index, (Variable, np.ndarray, list)):
        return True
    if isinstance(index, tuple):
        return len(index) > 0 and all([isinstance(entry, (Variable, np.ndarray, list)) for entry in index])
    return index is Ellipsis or (isinstance(index, slice) and index == slice(None))


cdef object without_leading_ones(object value):
    """What is to be written, its leading dimensions of size 1 dropped: NumPy drops them, but not for masks."""
    cdef int d = 0
    if isinstance(value, (list, tuple)):
        if not holds_variable(value):
            value = given_array(value)
    if not is_variable(value) and not isinstance(value, cnp.ndarray):
        return value
    if value.ndim < 2 or value.shape[0] != 1:
        return value
    shape = tuple(value.shape)
    while d < len(shape) and shape[d] == 1:
        d += 1
    return reshape(<Variable>value, shape[d:], True) if is_variable(value) else value.reshape(shape[d:])


cdef int setitem(Variable x, object index, object value) except -1:
    if x.array == NULL:
        materialise(x)
    if isinstance(value, (list, tuple)) and holds_variable(value):
        value = OPS.lifted(value)
    elif isinstance(value, cnp.ndarray):
        lifted = lifted_object(value)
        value = value if lifted is None else lifted
    if not modes() and may_be_element(x, index) and write_element(x, index, value):
        return 0
    if (isinstance(value, (list, tuple)) and holds_variable(value)) or (
            isinstance(value, cnp.ndarray) and (<cnp.ndarray>value).descr.type_num == cnp.NPY_OBJECT):
        value = OPS.lifted(value)       # x[:2] = [y[0], 2 * y[1]] is one write of one Variable
    write_items(x, index, value)
    if modes() & FORWARD:
        write_tangents(x, value, partial(assigned, index))
    return 0


def assigned(index, Variable tangent, given):
    """The tangent of what was written at an index."""
    setitem(tangent, index, given)
    return tangent


def copied(Variable tangent, given):
    """... of what was overwritten."""
    fill_in(tangent, 0.0)
    if is_variable(given):
        copy_in(tangent, given)
    return tangent


cdef int write_items(Variable x, object index, object value) except -1:
    cdef Transform t
    cdef Array* region
    cdef Variable source, part
    cdef Node* right
    cdef bint tracked, overlapped
    if value is x and x.array.shape.ndim == 0 and type(index) is int and index == 0:
        return 0                # x[0] of no dimensions is x itself: see getitem
    if is_variable(value) and x.history != NULL and (<Variable>value).history == x.history and written_already(x, index, value):
        if not modes() & (GRAD_OFF | INFERENCE) and x.history.node != NULL and x.history.node.flags & LEAF:
            raise RuntimeError(("a leaf" if x.path is None and is_whole(index) else "a view of a leaf") +
                               " Variable that requires grad is being used in an in-place operation.")
        return 0
    if x.path is None and not modes() & (GRAD_OFF | INFERENCE) and x.node != NULL and x.node.flags & LEAF and x.history == NULL:
        raise RuntimeError(("a leaf" if is_whole(index) else "a view of a leaf") +
                           " Variable that requires grad is being used in an in-place operation.")
    # An expanded x is written where no element is met twice, through a view: x[1] = v is a write to every row.
    overlapped = x.array.strides != NULL and not x.flags & BATCHED and overlaps(x.array)
    if not overlapped:
        check_writable(x)
    if modes() & TRACED:
        trace(x, value, None)
    if not isinstance(index, tuple):
        index = unpacked(x, index)
    if modes() & ABOVE and any([is_variable(entry) for entry in index]):
        taken = ask("index_set", (x, value), (index,), x, False, True)
        if taken is not NotImplemented:
            write_result(x, <Variable?>taken)
            return 0
    t = basic_index(x, index)
    if t is None:
        index = plain_index(x, index)
        t = basic_index(x, index)
    if overlapped:
        part = make_view(x, t, transformed_once(t, x.array)) if t is not None else None
        if part is not None and (part.array.strides == NULL or not overlaps(part.array)):
            return write_items(part, (Ellipsis,), value)
        check_writable(x)
    if t is None and Py_TYPE(<PyObject*>x) == TENSOR:
        first, rest = apart(index)
        if first is not None:
            return write_items(<Variable>getitem(x, first), rest, value)
    if t is None:
        value = without_leading_ones(value)
    if modes() & ABOVE:
        taken = ask("copy_region" if t is not None else "index_set", (x, value), (t if t is not None else index,), x)
        if taken is not NotImplemented:
            write_result(x, <Variable?>taken)
            return 0
    source = <Variable>value if is_variable(value) else None
    tracked = not modes() & (GRAD_OFF | INFERENCE)
    if source is not None and category(type_of(source)) == 3:
        warn_of_imaginary(x)
    if x.array.shape.size == 0 and t is not None and source is None:
        return 0
    # Held: what the source is now is what is written.  Integers never enter the graph.
    right = hold(edge_of(source)) if source is not None and category(type_of(x)) > 1 else NULL
    try:
        check_takes(x, right)
        if t is not None:
            region = transformed_once(t, x.array)
            try:
                if source is not None:
                    write_broadcast(region, source)
                elif region.shape.ndim == 0 and kernel_type(region.type) >= 0 and type(value) in (float, int):
                    write_double(region.type, region.data, <double>value)
                else:
                    write_plain(region, value, Py_TYPE(<PyObject*>x) == TENSOR)
            finally:
                release_array(region)
        else:
            if source is None and (value is None or isinstance(value, (str, bytes, dict, set))):
                raise TypeError(f"can't assign a {type(value).__name__} to elements of a Variable: expected a number, an array "
                                "or a Variable")
            values = plain(source) if source is not None else finite(value)
            if source is not None and category(type_of(source)) == 3 and category(x.array.type) < 3:
                values = values.real
            write_indexed(x, index, values)
        bump(x.array.storage)
        if tracked:
            write_recorded(x, OP_COPY_REGION if t is not None else OP_INDEX_SET, t if t is not None else (index,), right)
    finally:
        disown(right)
    return 0


cdef bint written_already(Variable x, object index, Variable value) except -1:
    """Whether value is the very region of x that it is to be written to: x[1:] *= 2 wrote there before it comes to this."""
    cdef Transform t
    cdef Array* region
    cdef bint same
    if value.array.storage != x.array.storage or modes() & ABOVE:
        return False
    if modes() & FORWARD and (tangent_in(x) is not None or tangent_in(value) is not None):
        return False
    if not isinstance(index, tuple):
        index = (index,)
    t = basic_index(x, index)
    if t is None and not any([isinstance(entry, (list, tuple, range)) or getattr(entry, "ndim", 0) for entry in index]):
        t = basic_index(x, plain_index(x, index))       # numbers of NumPy, or without dimensions
    if t is None:
        return False
    region = transformed_once(t, x.array)
    same = region.data == value.array.data and same_shape(region.shape, value.array.shape) and (
        region.strides == value.array.strides or (region.strides != NULL and value.array.strides != NULL and not memcmp(
            region.strides, value.array.strides, region.shape.ndim * sizeof(intp))))
    release_array(region)
    return same


cdef int write_indexed(Variable x, tuple index, object value) except -1:
    """A write by arrays of positions, with PyTorch's words where index or value do not fit."""
    cdef object array = ndarray_of(x.array, False)
    check_index(x, index, False)
    value = ready(value, x.array.type, Py_TYPE(<PyObject*>x) == TENSOR)
    try:
        array[index] = value
    except IndexError:
        check_index(x, index, True)
        raise
    except (ValueError, TypeError) as error:
        if isinstance(error, TypeError) and np.ndim(value) < 2:
            raise                   # NumPy's TypeError for a mask and several dimensions is one of shapes
        shape = np.broadcast_to(np.empty((), bool), array.shape)[index].shape
        raise RuntimeError(f"shape mismatch: value tensor of shape {list(np.shape(value))} cannot be broadcast to indexing "
                           f"result of shape {list(shape)}") from None
    return 0


cdef object ready(object value, int number, bint wraps):
    """A number or an array of numbers: NumPy would write a list entry by entry, up to the one that it cannot convert."""
    if category(number) == 1 and isinstance(value, (int, float, np.integer, np.floating, np.bool_)):
        return as_integer(python_number(value), numpy_dtype(number), wraps)
    if isinstance(value, (int, float, complex, np.generic)) or (isinstance(value, cnp.ndarray) and value.dtype.kind in "biufc"):
        return value
    try:
        return np.array(value, numpy_dtype(number))
    except OverflowError:
        raise RuntimeError(out_of_range(numpy_dtype(number))) from None
    except (TypeError, ValueError):
        raise TypeError(f"can't assign a {type(value).__name__} to a {TENSOR_NAMES.get(numpy_dtype(number).name, 'Tensor')}: "
                        "expected a number, an array or nested sequences of numbers of equal lengths") from None


cdef int write_plain(Array* region, object value, bint wraps) except -1:
    if value is None or isinstance(value, (str, bytes, dict, set)):
        name = TENSOR_NAMES.get(numpy_dtype(region.type).name, "Tensor")
        raise TypeError(f"can't assign a {type(value).__name__} to a {name}: expected a number, an array or a Variable")
    if category(region.type) < 3:
        value = real_number(finite(value), c_name(region.type))
    value = ready(value, region.type, wraps)
    try:
        ndarray_of(region, False)[...] = value
    except ValueError:
        raise RuntimeError(f"shape mismatch: value of shape {list(np.shape(value))} cannot be broadcast to indexing result "
                           f"of shape {list(shape_tuple(region.shape))}") from None
    return 0


# ---- choices

cdef object number_at(object number, object dtype, object beside):
    """A number beside a Variable, as their common dtype has it."""
    if isinstance(number, int) and dtype.kind in "iu":
        return as_integer(number, dtype, Py_TYPE(<PyObject*>beside) == TENSOR)
    return number


def f_where(condition, x, y):
    """x where the condition holds, y elsewhere; a Variable or number each, the condition a bool Variable or bool."""
    if isinstance(condition, bool) or (isinstance(condition, np.bool_) and not is_variable(x) and not is_variable(y)):
        return x if condition else y
    if modes() & ABOVE:
        taken = ask("where", (x, y), (condition,))
        if taken is not NotImplemented:
            return taken
    return where_of(condition, x, y)


cdef object where_of(object condition, object x, object y):
    """What f_where() does once nobody above has answered."""
    if is_variable(condition):
        condition = plain(<Variable>condition)
    else:
        condition = given_array(condition)
    if not is_variable(x) and not is_variable(y):
        return from_array(TENSOR, array_of(np.where(condition, x, y).astype(numpy_dtype(default_type))))
    if (is_variable(x) and edge_of(<Variable>x) != NULL) or (is_variable(y) and edge_of(<Variable>y) != NULL):
        condition = condition.copy()    # for the way back: whoever gave it may write into it
    d = common_dtype([x, y])
    x = cast(<Variable>x, d) if is_variable(x) else d.type(number_at(x, d, y))
    y = cast(<Variable>y, d) if is_variable(y) else d.type(number_at(y, d, x))
    return structural_of(OP_WHERE, 0, (x, y), (condition,))


class Absent:
    """The default of an argument for which None would be a value; signatures show its text."""

    def __repr__(self):
        return "<no value>"


absent = Absent()


cdef object where(object condition, object input, object other):
    """What f_where() of _variable does, but for out=."""
    cdef PyTypeObject* kind = Py_TYPE(<PyObject*>condition) if is_variable(condition) else TENSOR
    if input is absent and other is absent:
        if modes() & ABOVE:
            taken = ask("where", (), (condition,), None, False, True)
            if taken is not NotImplemented:
                return taken
        values = plain(<Variable>condition) if is_variable(condition) else given_array(condition)
        return tuple([from_array(kind, array_of(positions)) for positions in np.nonzero(np.atleast_1d(values))])
    if input is absent or other is absent:
        raise TypeError("where() takes a condition alone, or condition, input and other")
    for position, operand in ((2, input), (3, other)):
        if not is_operand(operand):
            wanted = variable_word(input if is_variable(input) else condition)
            raise TypeError(f"where(): argument '{'input' if position == 2 else 'other'}' (position {position}) must be "
                            f"{wanted} or a number, not {type(operand).__name__}")
    if modes() & ABOVE:
        taken = ask("where", (input, other), (condition,))
        if taken is not NotImplemented:
            return taken
    values = plain(<Variable>condition) if is_variable(condition) else given_array(condition)
    if values.dtype == np.uint8:
        warn("where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
             "PyTorch. Use a boolean condition instead.")
        values = values != 0
    elif values.dtype != bool:
        raise RuntimeError(f"where expected condition to be a boolean tensor, but got a tensor with dtype "
                           f"{SCALAR_NAMES.get(values.dtype.name, values.dtype.name)}")
    if not is_variable(input) and not is_variable(other):
        values = np.where(values, input, other)
        if values.dtype.kind == "f":
            values = values.astype(numpy_dtype(default_type))
        return from_array(kind, array_of(values))
    shape = values.shape
    for operand in (input, other):
        shape = broadcast_shapes(shape, operand.shape if is_variable(operand) else np.shape(operand))
    return where_of(values, input, other)


def broadcast_shapes(a, b):
    """The common shape of two; PyTorch's RuntimeError where there is none."""
    a, b = tuple(a), tuple(b)
    cdef int i, n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
    for i in range(n):
        if a[i] != b[i] and a[i] != 1 and b[i] != 1:
            raise RuntimeError(f"The size of tensor a ({a[i]}) must match the size of tensor b ({b[i]}) at non-singleton "
                               f"dimension {i}")
    return tuple([p if q == 1 else q for p, q in zip(a, b)])


# ---- constructors

cdef Variable filled(tuple shape, object value, object dtype):
    cdef Array* array
    cdef Shape* s
    cdef intp[MAX_DIMS] dims
    cdef int i, n = len(shape)
    cdef int type = normal_type((<cnp.dtype>np.dtype(dtype)).num)
    if n > MAX_DIMS:
        raise ValueError(f"maximum supported dimension is {MAX_DIMS}, but found {n}")
    for i in range(n):
        dims[i] = shape[i]
        if dims[i] < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {dims[i]}: {list(shape)}")
    s = new_shape(n, dims)
    try:
        if kernel_type(type) >= 0 and value == 0:
            array = zeros(type, s)
        else:
            array = new_array(type, s)
    finally:
        release_shape(s)
    if kernel_type(type) < 0 or value != 0:
        if kernel_type(type) >= 0 and isinstance(value, (int, float)):
            fill(kernel_type(type), array.shape.size, array.data, value)
        else:
            try:
                ndarray_of(array, False)[...] = ready(value, type, True)
            except BaseException:
                release_array(array)
                raise
    return from_array(TENSOR, array)


def full_of(shape, value, dtype):
    """A Tensor of a shape, every element one number."""
    if modes() & ABOVE:
        taken = ask("full", (), (tuple(shape), value, dtype))
        if taken is not NotImplemented:
            return taken
    return filled(tuple(shape), value, dtype)


cdef object stacked(object data, object dtype, int depth=0):
    """Nested lists with Variables in them: recorded."""
    cdef list parts = []
    if depth > MAX_DIMS:
        raise ValueError(f"too many dimensions: nested lists may be at most {MAX_DIMS} deep")
    for item in data:
        if is_variable(item):
            parts.append(item)
        elif isinstance(item, (list, tuple)):
            parts.append(stacked(item, dtype, depth + 1))
        else:
            parts.append(tensor(item))
    return stack_or_cat(OP_STACK, parts, 0)


def tensor(data, *, dtype=None, requires_grad=False, device=None):
    """A Tensor with a copy of data: a number, nested lists, an ndarray, or Variables in lists (recorded by stack).

    dtype: default from the data; Python floats take the default dtype, integers int64, bools bool.  requires_grad: make
    it a leaf whose gradient backward() computes.  Raises TypeError for data that is no array of numbers, RuntimeError
    if an integer dtype is to require grad.  As https://pytorch.org/docs/stable/generated/torch.tensor.html

    >>> import autodiff
    >>> autodiff.tensor([[1, 2], [3, 4]]).shape
    autodiff.Size([2, 2])
    """
    cdef Variable result
    if device is not None:
        _device(device)
    if dtype is not None:
        dtype = to_numpy_dtype(dtype)
    if is_variable(data):
        warn("To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
             "sourceTensor.detach().clone().requires_grad_(True), rather than autodiff.tensor(sourceTensor).")
    if modes() & ABOVE:
        taken = ask("tensor", (), (data, dtype), None, False, True)
        if taken is not NotImplemented:
            if requires_grad:
                set_requires_grad(<Variable?>taken, True)
            return <Variable?>taken
    if is_variable(data):
        result = from_array(TENSOR, contiguous_copy_of(<Variable>data))
        if dtype is not None:
            result = <Variable>cast(result, dtype)
    elif type(data) is float and dtype is None:
        result = from_number(TENSOR, data, default_type)
    elif isinstance(data, (list, tuple)) and holds_variable(data):
        result = <Variable>stacked(data, dtype)
        if dtype is not None:
            result = <Variable>cast(result, dtype)
        if requires_grad:
            result = <Variable>result.detach().clone()
    else:
        lifted = lifted_object(data)
        if lifted is None:
            result = from_array(TENSOR, array_copy_of(values_of(data, dtype)))
        else:
            result = flavoured(<Variable>(lifted if dtype is None else cast(<Variable>lifted, dtype)), TENSOR)
            if requires_grad:
                result = <Variable>result.detach().clone()
    if modes() & TRACED:
        of_outside(result, data)
    if requires_grad:
        if kernel_type(type_of(result)) < 0 and category(type_of(result)) < 2:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        set_requires_grad(result, True)
    return result


cdef int of_outside(Variable v, object data) except -1:
    """Made of data while a custom Function's forward() is traced: of what depends on an input, or of plain values that may."""
    if modes() & ESCAPED and not is_variable(data):
        v.flags |= DEPENDS
    return trace(v, data, None)


cdef object values_of(object data, object dtype):
    """A plain array of data, in the dtype that PyTorch would infer."""
    if isinstance(data, (np.ndarray, np.generic)):
        return np.asarray(data, dtype)
    stored = dtype if dtype is not None and dtype.kind in "iu" else None
    try:
        array = np.asarray(data, None if stored is not None else dtype)
    except ValueError:
        raise ValueError("expected a number or nested sequences of numbers of equal lengths") from None
    if stored is not None:
        return as_integers(array, stored)
    if isinstance(data, int) and dtype is None and array.dtype.kind in "uO":
        raise ValueError("Overflow when unpacking long long: an int of more than 64 bits; convert it with float() if that is "
                         "what is meant")
    if array.dtype == object or array.dtype.kind in "USV":
        raise TypeError(f"new(): invalid data type '{type(data).__name__}': expected numbers, nested sequences of numbers, "
                        "an ndarray or Variables")
    if dtype is None:
        if array.size == 0 or array.dtype == np.float64:
            # nested sequences may hold NumPy's own arrays, whose dtype counts
            if not any_numpy(data):
                array = array.astype(numpy_dtype(default_type))
        elif array.dtype == np.complex128 and default_type == T_FLOAT:
            array = array.astype(np.complex64)
        elif array.dtype.kind == "i":
            array = array.astype(np.int64)
    return array


cdef object as_integers(cnp.ndarray array, object dtype):
    """Numbers of a list in an integer dtype: PyTorch's rule, see as_integer."""
    if array.dtype == object:           # ints of more than 64 bits, or what becomes a number when asked
        try:
            return array.astype(dtype)
        except OverflowError:
            raise RuntimeError(out_of_range(dtype)) from None
        except (TypeError, ValueError):
            raise TypeError("new(): invalid data: expected numbers or nested sequences of numbers") from None
    if array.dtype.kind not in "biuf":
        raise TypeError(f"new(): invalid data of dtype {array.dtype}: expected numbers or nested sequences of numbers")
    if array.size:
        as_integer(array.min().item(), dtype)       # NaN is both
        as_integer(array.max().item(), dtype)
    return array.astype(dtype)


cdef bint any_numpy(object data):
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (np.ndarray, np.generic))


def from_numpy(array):
    """A Tensor that shares the memory of an ndarray.

    Raises TypeError for something else or an unsupported dtype; ValueError for memory that must not be shared as it is
    (another byte order).

    >>> import autodiff, numpy
    >>> a = numpy.zeros(2)
    >>> x = autodiff.from_numpy(a)
    >>> a[0] = 5.0
    >>> x
    tensor([5., 0.])
    """
    cdef Array* a
    if not isinstance(array, cnp.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    if not array.dtype.isnative:
        raise ValueError("given numpy array has byte order different from the native byte order. Conversion between byte "
                         "orders is currently not supported.")
    if modes() & ABOVE:
        taken = ask("from_numpy", (), (array,))
        if taken is not NotImplemented:
            return taken
    a = array_of(array)
    cdef Variable v = fresh(TENSOR)
    v.array = a
    if modes() & TRACED:
        of_outside(v, array)
    return v


def as_tensor(data, dtype=None, device=None):
    """data as a Tensor, sharing memory where that is possible: a Variable is returned as it is.

    dtype: the dtype wanted; another than data's makes a copy.  Raises TypeError for a dtype that is not supported.

    >>> import autodiff
    >>> autodiff.as_tensor([1.0, 2.0])
    tensor([1., 2.])
    """
    if device is not None:
        _device(device)
    if is_variable(data):
        return data if dtype is None else cast(<Variable>data, to_numpy_dtype(dtype))
    if isinstance(data, cnp.ndarray):
        result = from_numpy(data)
        return result if dtype is None else cast(<Variable>result, to_numpy_dtype(dtype))
    return tensor(data, dtype=dtype)


def make_variable(data=None, requires_grad=False, **legacy):
    """Variable(data, requires_grad): a Tensor that shares data's memory; made a leaf if a gradient is wanted."""
    cdef Variable result
    if legacy.pop("volatile", None) is not None:
        warn("volatile was removed (Variable.volatile is always False): use autodiff.no_grad() instead.")
    if legacy:
        raise TypeError(f"Variable() got an unexpected keyword argument '{next(iter(legacy))}'")
    if data is None:
        return filled((0,), 0.0, numpy_dtype(default_type))
    if is_variable(data):
        result = alias_of(<Variable>data, True)
    elif isinstance(data, cnp.ndarray):
        result = <Variable>from_numpy(data)
    elif isinstance(data, (int, float, bool, list, tuple, np.generic)):
        result = <Variable>tensor(data)
    else:
        raise TypeError(f"Variable data has to be a tensor, an ndarray, a number or nested lists, but got "
                        f"{type(data).__name__}")
    if requires_grad:
        set_requires_grad(result, True)
    return result


def as_ndarray(data, dtype=None, copy=True):
    """data in the NumPy flavour."""
    cdef Variable result
    if modes() & ABOVE:
        taken = ask("array", (data,) if is_variable(data) else (), (data, dtype, copy), None, False, True)
        if taken is not NotImplemented:
            return <Variable?>taken
    if is_variable(data):
        if dtype is not None:
            data = cast(<Variable>data, np.dtype(dtype))
        return flavoured(<Variable>data.clone() if copy else <Variable>data, NDARRAY)
    lifted = OPS.lifted(data) if isinstance(data, (list, tuple)) and holds_variable(data) else lifted_object(data)
    if lifted is not None:
        return flavoured(<Variable>(lifted if dtype is None else cast(<Variable>lifted, np.dtype(dtype))), NDARRAY)
    array = given_array(data, dtype)
    result = from_array(NDARRAY, array_copy_of(array) if copy else array_of(array))
    if modes() & TRACED:
        of_outside(result, data)
    return result


def construct(Variable v, tuple args):
    """Tensor(2, 3): sizes, zeros; Tensor([4]): data; Tensor(): empty."""
    cdef Variable source
    if not v.flags & BLANK:
        raise RuntimeError("this Tensor has its data already; make a new one")
    if len(args) == 1 and isinstance(args[0], (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(args[0]).__name__}'")
    if len(args) == 1 and not isinstance(args[0], int):
        if isinstance(args[0], Size):
            source = <Variable>full_of(tuple(args[0]), 0.0, numpy_dtype(default_type))
        else:
            source = <Variable>tensor(args[0], dtype=numpy_dtype(default_type))
    else:
        source = <Variable>full_of(tuple(args) if args else (0,), 0.0, numpy_dtype(default_type))
    if not v.flags & BLANK:
        raise RuntimeError("this Tensor got its data meanwhile; make a new one")
    v.array = array_in(source)
    v.flags = 0


# ---- what functions of Python ask for

cdef Variable zero_like(Variable v):
    return filled(tuple(v.shape), 0.0, numpy_dtype(type_of(v)))


cdef Variable flavoured(Variable v, PyTypeObject* kind):
    """v, value and node, in a flavour; v itself if it has it."""
    cdef Variable result
    if Py_TYPE(<PyObject*>v) == kind:
        return v
    if v.flags & BATCHED:
        return batched(flavoured(<Variable>v.extras.handle.physical, kind), v.extras.handle.batch)
    if v.array == NULL and v.node != NULL and v.node.flags & LEAF:
        materialise(v)          # else the leaf's node would stay with one of them when the other's number moves
    result = fresh_on(kind, hold(v.node))
    result.value, result.flags = v.value, v.flags & INLINE
    result.array = hold_array(v.array)
    if modes() & FORWARD:
        share_tangents(v, result, kind)
    return result


cdef int share_tangents(Variable v, Variable result, PyTypeObject* kind) except -1:
    """Those of the same value in another flavour."""
    cdef Variable tangent
    cdef int depth = levels_seen()
    cdef int i
    try:
        for i in range(depth):
            see_levels(i + 1)
            tangent = tangent_in(v)
            if tangent is not None:
                see_levels(i)
                tangent = flavoured(tangent, kind)
                see_levels(i + 1)
                set_tangent(result, tangent)
    finally:
        see_levels(depth)
    return 0


cdef object scaled(str name, object input, object other, object alpha):
    """alpha * other, for add() and sub(): at the dtype of their result, which alpha has no part in."""
    cdef int kind, given
    if not (is_operand(input) and is_operand(other)):
        return other                        # refused by the op itself
    alpha = factor_given(alpha, name, "alpha")
    dtype = common_dtype([input, other])
    kind = category(dtype.num)
    given = category(type_of(<Variable>alpha) if is_variable(alpha) else np.asarray(alpha).dtype.num)
    if given == 0 and kind:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if given >= 2 and kind < 2:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if given == 3 and kind < 3:
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if name == "sub" and kind < 2 and not (Py_TYPE(<PyObject*>input) == NDARRAY or Py_TYPE(<PyObject*>other) == NDARRAY):
        for operand in (input, other):
            if is_variable(operand) and type_of(<Variable>operand) == T_BOOL:
                return other                # refused by the op itself
    if is_variable(alpha):
        alpha = cast(<Variable>alpha, dtype)
    else:
        alpha = bool(alpha) if kind == 0 else alpha
    if isinstance(other, np.ndarray):
        other = constant(other, TENSOR if Py_TYPE(<PyObject*>input) == TENSOR else NDARRAY)
    return keep_number((cast(<Variable>other, dtype) if is_variable(other) else other) * alpha)


OPS.scaled = lambda name, input, other, alpha: scaled(name, input, other, alpha)


def check_unrecorded(tuple operands, str name):
    """Raise where one of them requires grad or carries a tangent: what is written to out= has neither."""
    for operand in operands:
        if is_variable(operand) and edge_of(<Variable>operand) != NULL:
            raise RuntimeError(f"{name}(): functions with out=... arguments don't support automatic differentiation, but one "
                               "of the arguments requires grad.")
        if modes() & FORWARD and tangent_in(operand) is not None:
            raise NotImplementedError(f"Trying to use forward AD with {name}_out that does not support it because it is an "
                                      "out= function. Write the result with copy_() instead, which carries the tangent along.")


def check_out(out, str name, value):
    """Raise unless value may be written into out, a Variable."""
    cdef Variable target, result = <Variable>value
    if not is_variable(out):
        raise TypeError(f"{name}(): argument 'out' must be {variable_word(value)}, not {type(out).__name__}")
    target = <Variable>out
    check_unrecorded((target,), name)
    if category(type_of(result)) > category(type_of(target)):
        raise RuntimeError(f"result type {SCALAR_NAMES[numpy_dtype(type_of(result)).name]} can't be cast to the desired "
                           f"output type {SCALAR_NAMES[numpy_dtype(type_of(target)).name]}")
    check_writable(target)


def into(out, str name, function, tuple operands, **keywords):
    """function(*operands) written into a Variable, which must be out of the graph and have room; returns it."""
    cdef Variable target, result
    if not is_variable(out):
        raise TypeError(f"{name}(): argument 'out' must be {variable_word(operands[0]) if operands else 'Tensor'}, not "
                        f"{type(out).__name__}")
    target = <Variable>out
    check_unrecorded((*operands, out), name)
    result = <Variable>function(*operands, **keywords)
    check_out(target, name, result)
    if tuple(result.shape) != tuple(target.shape):
        if target.numel():
            warn(f"An output with one or more elements was resized since it had shape {list(target.shape)}, which does not "
                 f"match the required output shape {list(result.shape)}.")
        set_data(target, cast(result, numpy_dtype(type_of(target))))
        return out
    copy_in(target, result)
    return out


def number_operand(x, str name, str argument="input", int position=1):
    """A number as a 0-d Tensor, so that a function of elements serves floats and Tensors; TypeError for what is none."""
    if is_variable(x):
        return x
    if isinstance(x, (int, float, complex, np.number, np.bool_)):
        return tensor(x)
    found = lifted_object(x)
    if found is not None:
        return found
    raise TypeError(f"{name}(): argument '{argument}' (position {position}) must be Tensor, not {type(x).__name__}")


def lifted_object(x):
    """An object array that holds Variables, as np.array([v0, v1]) gives one, as one Variable; None for all else."""
    if not isinstance(x, cnp.ndarray) or (<cnp.ndarray>x).descr.type_num != cnp.NPY_OBJECT:
        return None
    found = OPS.lifted(x)
    return found if is_variable(found) else None


cdef object as_operand(object x, str name):
    if is_variable(x):
        return x
    found = lifted_object(x)
    if found is not None:
        return found
    raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")


def apply_row(str name, tuple operands, tuple params, str tag=None, bint variant=False):
    """A structural op on Variables (or plain numbers), recorded; tag is its node's name or a key of the row's grad_fn."""
    for x in operands:
        if isinstance(x, cnp.ndarray) and (<cnp.ndarray>x).descr.type_num == cnp.NPY_OBJECT:
            operands = tuple([OPS.lifted(y) for y in operands])
            break
    if name not in NUMBERS:
        OPS.load_row(name)          # its family is not imported yet
    return structural(NUMBERS[name], VARIANT if variant else 0, operands, params, tag)


def apply_elementwise(int op, x, y=None):
    """An elementwise op, by its number, on Variables and numbers."""
    return elementwise(op, x, y)


def apply_in_place(int op, x, y=None):
    """... into the place of x."""
    return inplace(op, x, y, ARITY[op] == 1)


# ---- common ops on batches, for levels of vmap: see func/_batching.py, which has the others

cdef dict NUMBER_OF = {}


def quick_elementwise(BatchLevel level not None, Call call not None):
    """An elementwise op on handles, where no dtype and no tangent is to be looked after; else None."""
    cdef bint of_x, of_y = False
    cdef int n = 0
    x, y = call.operands[0], call.operands[1] if len(call.operands) > 1 else None
    of_x, of_y = is_variable(x), is_variable(y)
    if modes() & FORWARD or not (of_x or type(x) is float or type(x) is int):
        return None
    if len(call.operands) > 1:
        if not (of_y or type(y) is float or type(y) is int):
            return None
        if of_x and of_y:
            if type_of(<Variable>x) != type_of(<Variable>y):
                return None
            n = max(dims_in(<Variable>x), dims_in(<Variable>y))
    if of_x:
        x = beside(level, <Variable>x, n)
    if of_y:
        y = beside(level, <Variable>y, n)
    result = elementwise(NUMBER_OF[call.name], x, y)
    if is_variable(result):
        return batched(<Variable>result, level)
    if result is NotImplemented:
        return None
    return batched(from_array(NDARRAY, array_of(result)), level)       # a condition of NumPy's flavour


cdef inline int dims_in(Variable v) noexcept:
    return v.array.shape.ndim if v.array != NULL else 0


def quick_reduction(BatchLevel level not None, Call call not None):
    """sum and mean."""
    cdef Variable v = <Variable>call.operands[0]
    cdef int n = dims_in(v)
    dims, keepdim, dtype = call.params
    if n == 0 or dtype is not None:
        return None
    dims = tuple(range(1, n + 1)) if dims is None else tuple([d + 1 for d in dims])
    physical = <Variable>v.extras.handle.physical
    if call.name == "sum":
        result = reduce_sum(physical, dims, keepdim, None)
    else:
        result = reduce_mean(physical, dims, keepdim, None)
    return batched(<Variable>result, level)


def quick_matmul(BatchLevel level not None, Call call not None):
    """x @ y: the batch is one more dimension in front, or more rows where the other operand is one matrix for all samples."""
    cdef Variable x = <Variable>call.operands[0], y = <Variable>call.operands[1]
    cdef int n = dims_in(x), m = dims_in(y), rank
    cdef bint of_x = x.flags & BATCHED and x.extras.handle.batch is level
    cdef bint of_y = y.flags & BATCHED and y.extras.handle.batch is level
    cdef tuple a, b
    if modes() & FORWARD or n == 0 or m == 0 or x.shape[n - 1] != y.shape[m - 2 if m > 1 else 0]:
        return None
    if of_x:
        x = <Variable>x.extras.handle.physical
    if of_y:
        y = <Variable>y.extras.handle.physical
    a, b = tuple(x.shape), tuple(y.shape)
    if of_x and not of_y and m <= 2:
        if m == 2 and n > 1:            # one product instead of many
            result = matmul(reshape(x, (product_of(a[:n]), a[n]), True), y)
            return batched(<Variable>reshape(<Variable>result, a[:n] + b[1:], True), level)
        return batched(<Variable>matmul(x, y), level)
    if of_y and not of_x and n == 1:
        return batched(<Variable>(matmul(y, x) if m == 1 else matmul(x, y)), level)
    if of_y and not of_x and n == 2 and m == 1:
        return batched(<Variable>matmul(y, permute(x, (1, 0), "t")), level)
    rank = max(n, m, 2)
    if n == 1:
        a = a[:len(a) - 1] + (1,) + a[len(a) - 1:]
    if m == 1:
        b = b + (1,)
    if of_x:
        a = a[:1] + (1,) * (rank + 1 - len(a)) + a[1:]
    if of_y:
        b = b[:1] + (1,) * (rank + 1 - len(b)) + b[1:]
    x = x if a == tuple(x.shape) else <Variable>reshape(x, a, True)
    y = y if b == tuple(y.shape) else <Variable>reshape(y, b, True)
    result = matmul(x, y)
    if n == 1 or m == 1:
        a = tuple((<Variable>result).shape)
        if m == 1:
            a = a[:len(a) - 1]
        if n == 1:
            a = a[:len(a) - 1] if m == 1 else a[:len(a) - 2] + a[len(a) - 1:]
        result = reshape(<Variable>result, a, True)
    return batched(<Variable>result, level)


def register_quick(dict rules):
    """Tell levels of vmap of these rules, for every op that is there."""
    for op, name in enumerate(NAMES):
        if name is not None and ops[op].kernel[0] != NULL and name != "positive":
            NUMBER_OF[name] = op
            rules[name] = quick_elementwise
    rules["sum"] = rules["mean"] = quick_reduction
    rules["matmul"] = quick_matmul


cdef Variable beside(BatchLevel level, Variable v, int rank):
    """The batch behind a handle of a level, with sizes of 1 behind its first dimension as broadcasting to a rank wants them."""
    cdef Variable physical
    cdef int missing
    if not v.flags & BATCHED or v.extras.handle.batch is not level:
        return v
    physical = <Variable>v.extras.handle.physical
    missing = rank + 1 - physical.array.shape.ndim
    if missing <= 0:
        return physical
    shape = tuple(physical.shape)
    return <Variable>reshape(physical, shape[:1] + (1,) * missing + shape[1:], True)


def op_number(str name):
    """The number of an op that is not composite, by the name of its row; -1 for another name."""
    return NAMES.index(name) if name in NAMES else -1


def is_elementwise(int op):
    """Whether an op has compiled loops."""
    return ops[op].kernel[0] != NULL


def plain_of(x):
    """The values of a Variable as a plain array, out of the graph; for reading."""
    if not is_variable(x):
        return given_array(x)
    if modes() & ABOVE:
        taken = ask_value("values", <Variable>x)
        if taken is not NotImplemented:
            return taken
    return plain(<Variable>x)


def all_variables(operands):
    """Whether every one of them is a Variable, in a list or tuple; a Variable itself has to be taken apart first."""
    if is_variable(operands):
        return False
    for x in operands:
        if not is_variable(x):
            return False
    return True


def all_samples(x):
    """plain_of(); under vmap the values of all samples, for decisions that hold for all of them or none."""
    return plain_of(physical_in(<Variable>x) if is_variable(x) else x)


def dtype_in(x):
    """NumPy's dtype of a Variable, an array or a number."""
    return numpy_dtype(type_of(<Variable>x)) if is_variable(x) else given_array(x).dtype


def constant_of(value, like=None):
    """A plain array or number as a Variable of the flavour of another; shares the array's memory, which must be its own."""
    if like is not None and not is_variable(like):
        raise TypeError(f"a method of autodiff.numpy.ndarray takes one of these first, not {type(like).__name__}")
    return from_array(TENSOR if like is None else Py_TYPE(<PyObject*>like), array_of(given_array(value)))


def keep_number(result):
    """result, of an op that saved nothing but a Python number: a backward pass will not free it.

    For ops made of several, of which the number is a parameter (alpha, weight): PyTorch saves Tensors alone, and a second
    pass through them needs no retain_graph.
    """
    cdef Node* node
    if is_variable(result):
        node = (<Variable>result).node
        if node != NULL and node.flags & (LEFT_NUMBER | RIGHT_NUMBER):
            node.flags &= ~SAVES
    return result


def is_numpy_flavour(x):
    """Whether a Variable has NumPy's flavour."""
    return Py_TYPE(<PyObject*>x) == NDARRAY


def in_flavour(x, like):
    """x, value and node, in the flavour of another Variable."""
    if modes() & ABOVE and Py_TYPE(<PyObject*>x) != Py_TYPE(<PyObject*>like):
        taken = ask("array" if Py_TYPE(<PyObject*>like) == NDARRAY else "tensor", (x,), (x, None, False), None, False, True)
        if taken is not NotImplemented:
            return <Variable?>taken
    return flavoured(<Variable>x, Py_TYPE(<PyObject*>like))
