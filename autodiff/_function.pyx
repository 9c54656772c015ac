# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Custom Functions: their contexts, what they save, and how they are applied.

A custom op is a node whose derivative is Python's: a callable that _base.record_custom() was given, or a Function, whose
context stands in the node's payload.  The context owns no node, or each would keep the other alive.
"""
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.stdlib cimport free

from ._base cimport (ABOVE, BATCHED, CUSTOM_VIEW, DEPENDS, FORWARD, GRAD_OFF, MADE_UNDER, PACKING, TENSOR, TRACING,
                     Py_TYPE, Variable, alias_in, array_in, ask, category, check_writable, current_node, drop_history,
                     edge_of, enter_lower, enter_modes, from_array, from_number, give_tangents, identity, is_variable,
                     keep_tangents, leave_lower, leave_modes, make_custom, modes, numpy_dtype, off_node, on_node,
                     output_node, owned, set_edge, set_tangent, shape_tuple, tangent_in, type_of, view_by)
from ._elementwise cimport check_inference, must_snapshot, pack, packed_of, put_packed
from ._structural cimport cast
from ._indexing cimport filled, flavoured, zero_like
from ._engine cimport SavedTensor, become_array, check_hooks, edge_object, object_on
from ._core cimport (HEAD, LEAF, MODIFIED, NOTHING, NPY_DOUBLE, NUMBER, PICK, SAVED, Array, Node, Shape, allocate, bump,
                     contiguous_copy, current_leaf, disown, hold, hold_array, new_shape, node_shape, node_type, raise_freed,
                     read_double, release_array, release_saved, release_shape, same_shape, scalar_shape, table)

import warnings

from ._base import record_custom
from ._engine import CHANGED_MEANWHILE, HOOKED_ALREADY, OF_CONTEXT, Node_


cdef class SavedValue:
    """A Variable that save_for_backward() keeps: its elements with their version, and where it stands in the graph."""

    def __dealloc__(self):
        release_saved(&self.saved)


cdef SavedValue keep(Variable v, int place, bint output):
    """Save a Variable, through the saved-tensor hooks if there are any."""
    cdef SavedValue value = SavedValue.__new__(SavedValue)
    cdef Array* array
    cdef Node* edge
    check_inference(v)
    value.type, value.place, value.output, value.kind = type_of(v), place, output, Py_TYPE(<PyObject*>v)
    value.saved.state = NOTHING
    if place < 0:
        value.dependent = v.flags & DEPENDS != 0 and category(value.type) >= 2
        if v.node != NULL:
            value.variable = v
    if modes() & FORWARD:
        keep_tangents(value, v, None, None)
    if v.array == NULL and not modes() & PACKING:
        value.saved.state, value.saved.value = NUMBER, v.value
        return value
    array = array_in(v)
    value.saved.array, value.saved.version, value.saved.state = array, array.storage.version, SAVED
    if must_snapshot(v):
        value.saved.array = contiguous_copy(array)
        value.saved.version = value.saved.array.storage.version
        array.owners -= 1       # the Variable owns it, too
    if modes() & PACKING:
        edge = NULL if output else hold(edge_of(v))     # the hook may take it away from v
        try:
            pack(&value.saved, edge)
        finally:
            disown(edge)
        take_packed(value)
    return value


cdef int take_packed(SavedValue value) except -1:
    """What a pack hook made is owned where the collector sees it."""
    if value.saved.packed != NULL:
        value.packed = <object>value.saved.packed
        release_saved(&value.saved)
    return 0


cdef object unpacked(Context context, SavedValue value, int position):
    """What was saved, as a Variable on the node that it had; raises where it was written in place since."""
    cdef Node* edge = NULL
    cdef Variable v
    cdef bint lent = True
    if value.place >= 0:
        if value.output:
            edge = output_edge(context, value)
            lent = False
        else:
            edge = context.edge[value.place]
    try:
        if value.packed is not None:
            previous = enter_modes(GRAD_OFF, PACKING)
            try:
                found = value.packed[1](value.packed[0])
            finally:
                leave_modes(previous)
            if not is_variable(found):
                raise TypeError("Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                                f"{type(found).__name__}")
            v = flavoured(<Variable>(<Variable>found).detach(), value.kind)
        elif value.saved.state == NUMBER:
            if edge != NULL and edge.flags & MODIFIED:
                table.changed(context.node if context.node != NULL else edge, edge, NULL, 0)
            v = from_number(value.kind, value.saved.value, value.type)
        else:
            if value.saved.array.storage.version != value.saved.version:
                table.changed(context.node, edge, value.saved.array, value.saved.version)
            v = from_array(value.kind, hold_array(value.saved.array))
        if edge != NULL and edge.flags & (LEAF | MODIFIED) == LEAF and value.packed is None:
            edge = current_leaf(edge)           # a number that got an alias has another node
            if edge.y.variable != NULL:
                leaf = <object>edge.y.variable      # with its tangents, if it has any
                if type_of(<Variable>leaf) == value.type and same_elements(<Variable>leaf, v):
                    return leaf
        if value.tangents is not None:
            give_tangents(v, value.tangents, 0)
        if edge != NULL:
            if value.output:
                on_node(v, edge)
            else:
                set_edge(v, edge, False)
        elif value.variable is not None:
            return value.variable
        elif value.dependent and not modes() & GRAD_OFF:
            return refusing(context, v, f"saved tensor {position}")
    finally:
        if not lent:
            disown(edge)
    return v


cdef bint same_elements(Variable a, Variable b) noexcept:
    """Whether b, a number or an array, is what a is, which may have got an alias since."""
    if b.array == NULL:
        return a.array == NULL or (a.array.shape.ndim == 0 and read_double(a.array.type, a.array.data) == b.value)
    if a.array == NULL:
        return False
    return a.array.data == b.array.data and a.array.storage == b.array.storage


cdef Node* output_edge(Context context, SavedValue value) except? NULL:
    """The node of a saved output, owned by the caller; a new one where all Variables of it are gone."""
    cdef Node* node = context.node
    cdef Shape* shape
    if node == NULL:
        return NULL
    if not node.flags & HEAD:
        return hold(node)
    if context.pick[value.place] != NULL:
        return hold(context.pick[value.place])
    if value.saved.state == SAVED:
        return output_node(node, value.place, value.type, value.saved.array.shape)
    shape = shape_of(context.about[value.place][0])
    try:
        return output_node(node, value.place, value.type, shape)
    finally:
        release_shape(shape)


cdef Shape* shape_of(tuple sizes) except NULL:
    cdef Py_ssize_t[64] dims
    cdef int i
    for i in range(len(sizes)):
        dims[i] = sizes[i]
    return new_shape(<int>len(sizes), dims)


cdef object refusing(Context context, Variable v, str what):
    """v on a node without a derivative: reaching it, a pass would be about to miss how v depends on the inputs."""
    text = (f"{type(context).__name__}: {what}, of shape {list(v.shape)}, was computed from an input in forward() and is "
            "neither an input nor an output, so the derivative of backward() would miss how it depends on the input. Save "
            "inputs or outputs and compute it from them in backward(), or return it as one more output; if it does not depend "
            "on them, or no second derivative is meant, say so with @once_differentiable.")
    return refused(context, (), (v,), text)[0]


cdef tuple refused(Context context, tuple more, tuple values, str text):
    """Variables as results of an op on the inputs of a Function, and on others, that has no derivative: text says why."""
    cdef list operands = []
    cdef Variable operand
    cdef int i

    def refuse(gs, needs):
        raise RuntimeError(text)

    for i in range(context.edges):
        if context.edge[i] != NULL:
            operand = from_number(TENSOR, 0, NPY_DOUBLE)
            on_node(operand, context.edge[i])
            operands.append(operand)
    results = record_custom((*operands, *more), values, refuse, "Error")
    return tuple([flavoured(<Variable>result, Py_TYPE(<PyObject*>value)) for result, value in zip(results, values)])


def differentiable_once(Context context, tuple gradients, results):
    """What a backward() returned that must not be differentiated again."""
    values = results if isinstance(results, tuple) else (results,)
    given = [value for value in values if is_variable(value)]
    if not given:
        return results
    replaced = iter(refused(context, tuple([g for g in gradients if is_variable(g)]), tuple(given),
                            "trying to differentiate twice a function that was marked with @once_differentiable"))
    values = tuple([next(replaced) if is_variable(value) else value for value in values])
    return values if isinstance(results, tuple) else values[0]


# ---- the context: what forward() and backward() are handed, and what grad_fn is

cdef class Context:
    """What forward(), setup_context(), backward() and jvp() of a Function share: saved tensors, marks, attributes.

    It is also what `grad_fn` of the outputs is.  As https://pytorch.org/docs/stable/autograd.html#context-method-mixins
    """

    def __cinit__(self):
        self.materialize = True

    def __dealloc__(self):
        cdef int i
        if self.pick != NULL:
            free(self.pick)
        if self.edge != NULL:
            if self.owner:
                for i in range(self.edges):
                    disown(self.edge[i])
            free(self.edge)

    def save_for_backward(self, *tensors):
        """Keep Variables, or None, for backward(): as `saved_tensors`, their versions checked, until a pass has used them.

        Raises TypeError for anything else: that may be an attribute of the context.
        """
        check_saved("save_for_backward", tensors)
        self.to_save = tensors

    def save_for_forward(self, *tensors):
        """Keep Variables, or None, for jvp(), which finds them as `saved_tensors`.  Raises TypeError for anything else."""
        check_saved("save_for_forward", tensors)
        self.saved_for_forward = tensors

    def mark_dirty(self, *tensors):
        """Say which inputs forward() wrote in place; each must be returned.  Raises RuntimeError for what is no Variable."""
        for tensor in tensors:
            if not is_variable(tensor):
                raise RuntimeError(f"mark_dirty can only accept variables, but argument is of type {type(tensor).__name__}")
        self.dirty_tensors = tensors

    def mark_non_differentiable(self, *tensors):
        """Say which outputs are no functions to be differentiated.  Raises RuntimeError for what is no Variable."""
        for tensor in tensors:
            if not is_variable(tensor):
                raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got "
                                   f"{type(tensor).__name__}")
        self.non_differentiable = tensors

    def set_materialize_grads(self, value):
        """Whether backward() gets zeros, as is the default, or None for an output that took no part."""
        if value is not True and value is not False:
            raise TypeError("set_materialize_grads received an invalid combination of arguments - got "
                            f"({type(value).__name__}), but expected (bool)")
        self.materialize = value

    def mark_shared_storage(self, *pairs):
        """Gone, as in PyTorch: views of inputs are found without it."""
        warnings.warn("function 'mark_shared_storage' is deprecated. Tensors with shared storages are automatically "
                      "tracked. Note that calls to `set_()` are not tracked", FutureWarning, stacklevel=2)

    @property
    def needs_input_grad(self):
        """Of each argument of forward(), whether it requires a gradient: a tuple of bools."""
        return self.needs

    @property
    def materialize_grads(self):
        """What set_materialize_grads() said last; True unless it was called."""
        return self.materialize

    @property
    def saved_tensors(self):
        """The saved Variables, a tuple.  Raises RuntimeError once a pass freed them, or for one written in place since."""
        if self.saved_for_forward is not None:
            return self.saved_for_forward       # in jvp() alone
        if self.cleared:
            raise RuntimeError("saved_tensors can only be accessed once when clear_saved_tensors_on_access=True is set on the "
                               "autograd.Function. Either access saved_tensors only once, or set "
                               "clear_saved_tensors_on_access=False.")
        if self.kept is None:
            if self.freed:
                raise_freed()
            return ()
        found = tuple([None if value is None else unpacked(self, <SavedValue>value, i) for i, value in enumerate(self.kept)])
        if type(self)._forward_cls.clear_saved_tensors_on_access:
            self.cleared, self.kept = True, None
        return found

    @property
    def _raw_saved_tensors(self):
        """What save_for_backward() keeps, each for hooks of its own: a tuple of SavedTensor, also for None."""
        cdef int i
        if self.kept is None:
            if self.freed:
                raise_freed()
            return ()
        return tuple([saved_of(self, i) for i in range(len(self.kept))])

    @property
    def saved_variables(self):
        """The older name of saved_tensors."""
        warnings.warn("'saved_variables' is deprecated; use 'saved_tensors'", DeprecationWarning, stacklevel=2)
        return self.saved_tensors

    def name(self):
        """The node's name: that of the Function with Backward behind it."""
        return type(self).__name__

    @property
    def next_functions(self):
        """The nodes of the inputs that are Variables, each with the number of its output: ((node or None, number), ...)."""
        cdef int i
        return tuple([edge_object(self.edge[i]) for i in range(self.edges)])

    def __call__(self, *gradients):
        """backward() of these gradients of the outputs, as a pass would call it."""
        if self.node == NULL:
            raise RuntimeError(f"{type(self).__name__} cannot be called: its node is not recorded yet, or gone with the graph")
        return object_on(self.node)(*gradients)

    def __getattr__(self, attribute):
        # What every node has: asked of the node, while there is one.
        if not attribute.startswith("__") and hasattr(Node_, attribute):
            if self.node == NULL:
                raise RuntimeError(f"Attribute '{attribute}' is invalid for this instance of {type(self).__name__}: its "
                                   "node is not recorded yet, or gone with the graph")
            return getattr(object_on(self.node), attribute)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{attribute}'")


cdef class SavedOfFunction(SavedTensor):
    """A value that save_for_backward() keeps."""
    cdef Context context
    cdef SavedValue value       # or None, as it was given

    @property
    def data(self):
        return self.value.packed[0] if self.value is not None and self.value.packed is not None else self.unpack()

    @property
    def unpack_hook(self):
        return self.value.packed[1] if self.value is not None and self.value.packed is not None else None

    def unpack(self):
        """The value.  Raises RuntimeError where it was freed, or written in place since."""
        if self.value is None:
            return None
        if self.context.kept is None:
            raise_freed()
        return unpacked(self.context, self.value, self.context.kept.index(self.value))

    def register_hooks(self, pack_hook=None, unpack_hook=None):
        """As SavedTensor.register_hooks()."""
        cdef Node* edge
        cdef Array* array
        if self.context is None:
            raise RuntimeError("a SavedTensor is what a node has under _raw_saved_tensors")
        check_hooks(pack_hook, unpack_hook, self.value is not None and self.context.kept is None)
        if self.value is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if self.value.packed is not None:
            raise RuntimeError(HOOKED_ALREADY)
        if self.value.saved.state == NUMBER:
            become_array(&self.value.saved, self.value.type)
        edge = self.context.edge[self.value.place] if self.value.place >= 0 and not self.value.output else NULL
        array = hold_array(self.value.saved.array)
        try:
            pair = packed_of(array, edge, pack_hook, unpack_hook)
            # The hook may have run a pass that freed the value, or set hooks on it.
            check_hooks(pack_hook, unpack_hook, self.context.kept is None)
            if self.value.packed is not None:
                raise RuntimeError(HOOKED_ALREADY)
            if self.value.saved.state != SAVED or self.value.saved.array != array:
                raise RuntimeError(CHANGED_MEANWHILE)
            put_packed(&self.value.saved, pair)
        finally:
            release_array(array)
        take_packed(self.value)


cdef SavedOfFunction saved_of(Context context, int position):
    cdef SavedOfFunction saved = SavedOfFunction.__new__(SavedOfFunction)
    saved.context, saved.value = context, context.kept[position]
    return saved


cdef int check_saved(str name, tuple tensors) except -1:
    """Only Variables and None are saved."""
    cdef int i
    for i in range(<int>len(tensors)):
        tensor = tensors[i]
        if tensor is not None and not is_variable(tensor):
            raise TypeError(f"{name} can only save variables, but argument {i} is of type {type(tensor).__name__}")
    return 0


# ---- backward

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(object o)


cdef PyObject* vjp_python(Node* node, PyObject* gs, PyObject* needs) except NULL:
    """The cotangents of the operands, an entry for each edge; those of the results are Variables or None."""
    params = <object>node.x.payload.params
    edges = node.x.payload.edges
    if type(params) is not tuple:
        return owned(function_vjp(<Context>params, node, <list><object>gs))
    results = params[0](<object>gs, <object>needs)
    if not isinstance(results, (tuple, list)):
        raise TypeError(f"function {params[1]} returned a {type(results).__name__}: expected a tuple of Variables and "
                        "None, one for each operand")
    if len(results) != edges:
        raise RuntimeError(f"function {params[1]} returned an incorrect number of gradients (expected {edges}, got "
                           f"{len(results)})")
    return owned(tuple(results))


cdef object rule_of(object function):
    """backward() or vjp(), whichever the Function has."""
    backward, vjp = function.backward, function.vjp
    base = FUNCTION[0]
    if vjp is base.vjp:
        return backward
    if backward is not base.backward:
        raise RuntimeError("Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                           "implement one of them.")
    return vjp


cdef tuple function_vjp(Context context, Node* node, list gs):
    cdef int i, k, edge = 0
    cdef list marked = []
    cdef list results = []
    cdef PyTypeObject* kind
    function = type(context)._forward_cls
    name = type(context).__name__
    if context.about is None:           # one output, whose shape and dtype are the node's
        if gs[0] is not None:
            gs[0] = flavoured(<Variable>gs[0], context.kind)
        elif context.materialize:
            gs[0] = flavoured(filled(shape_tuple(node_shape(node)), 0.0, numpy_dtype(node_type(node))), context.kind)
    else:
        for k in range(len(gs)):
            about = context.about[k]
            if about is None:
                continue
            kind = <PyTypeObject*><PyObject*>about[2]
            if gs[k] is not None:
                gs[k] = flavoured(<Variable>gs[k], kind)
            elif context.materialize and (about[3] or context.__dict__.get("_materialize_non_diff_grads", True)):
                gs[k] = flavoured(filled(about[0], 0.0, about[1]), kind)
    hold(node)
    try:
        if not modes() & GRAD_OFF:
            marked = refuse_attributes(context)
        try:
            given = rule_of(function)(context, *gs)
        finally:
            for value in marked:
                off_node(<Variable>value)
        if not isinstance(given, tuple):
            given = (given,)
        count = len(context.is_variable)
        k = <int>len(given)
        while k > count and given[k - 1] is None:
            k -= 1
        if k != count:
            raise RuntimeError(f"function {name} returned an incorrect number of gradients (expected {count}, got {k})")
        for i in range(count):
            result = given[i]
            if not context.is_variable[i]:
                if result is not None:
                    raise RuntimeError(f"function {name} returned a gradient different than None at position {i + 1}, "
                                       "but the corresponding forward input was not a Variable")
                continue
            if result is not None:
                if not is_variable(result):
                    raise RuntimeError(f"expected Variable or None (got {type(result).__name__})")
                check_shape(name, i, <Variable>result, node.x.payload.edge[edge])
            results.append(result)
            edge += 1
    finally:
        disown(node)
    return tuple(results)


cdef int check_shape(str name, int position, Variable result, Node* edge) except -1:
    """A gradient may be larger than its input by broadcasting, which is undone, and nothing else."""
    cdef Shape* shape
    cdef int i, extra
    if edge == NULL:
        return 0
    shape = node_shape(edge)
    if same_shape(shape, scalar_shape if result.array == NULL else result.array.shape):
        return 0
    sizes = tuple(result.shape)
    extra = <int>len(sizes) - shape.ndim
    fits = extra >= 0
    if fits:
        for i in range(shape.ndim):
            if shape.dim[i] != 1 and shape.dim[i] != sizes[i + extra]:
                fits = False
    if not fits:
        raise RuntimeError(f"Function {name} returned an invalid gradient at index {position} - got {list(sizes)} but "
                           f"expected shape compatible with {list(shape_tuple(shape))}")
    return 0


cdef list refuse_attributes(Context context):
    """Variables kept as attributes that depend on inputs, unrecorded: while a recorded backward() runs they refuse."""
    cdef list marked = []
    cdef Variable v, refusal
    for attribute, value in list(context.__dict__.items()):
        if is_variable(value) and (<Variable>value).flags & DEPENDS and (<Variable>value).node == NULL \
                and category(type_of(<Variable>value)) >= 2:
            v = <Variable>value
            refusal = <Variable>refusing(context, v, f"the context's attribute {attribute!r}")
            on_node(v, refusal.node)
            marked.append(v)
    return marked


cdef void free_custom(Node* node) noexcept:
    params = <object>node.x.payload.params
    if type(params) is not tuple and (<Context>params).kept is not None:
        (<Context>params).freed = True
        (<Context>params).kept = None


cdef void custom_gone(Node* node) noexcept:
    cdef Node* head = node.left if node.flags & PICK else node
    cdef int i
    if head.x.payload.params == NULL:
        return
    params = <object>head.x.payload.params
    if type(params) is tuple:
        return
    if node.flags & PICK:
        if (<Context>params).pick != NULL and (<Context>params).pick[<int>node.y.value] == node:
            (<Context>params).pick[<int>node.y.value] = NULL
    else:
        (<Context>params).node = NULL
        if Py_REFCNT(params) > 2 and not (<Context>params).owner:       # the payload's and this function's
            (<Context>params).owner = True
            for i in range((<Context>params).edges):
                hold((<Context>params).edge[i])


table.vjp_python = vjp_python
table.free_custom = free_custom
table.custom_gone = custom_gone


def node_of_context(given):
    """The object of the node itself, where a context is given."""
    if isinstance(given, Context) and (<Context>given).node != NULL:
        return object_on((<Context>given).node)
    return given


OF_CONTEXT.append(node_of_context)


# ---- forward

#: The class Function, once it is there: what its methods are where a subclass has none of its own.
cdef list FUNCTION = []
cdef tuple NO_ARGUMENTS = ()
cdef object TRUE = True, FALSE = False


class Applied:
    """What Function inherits: apply()."""

    __slots__ = ()

    @classmethod
    def apply(cls, *args, **kwargs):
        """forward() of args, recorded: backward() of this Function is its derivative.

        args may be anything; Variables among them, not in lists, are what it is differentiated in.  Returns what forward()
        returned, with the graph on the Variables in it.  Raises NotImplementedError where forward() is missing.
        """
        return apply_function(cls, args, kwargs)


# The function behind the bound method `F.apply` is found by this name, under which cloudpickle takes it; its own is that of
# another bound method.
Applied.__dict__["apply"].__func__.__qualname__ = "Applied.apply.__func__"


def is_the_function(cls):
    """Tell this module which class Function is."""
    FUNCTION.append(cls)


def the_function():
    """The class Function."""
    return FUNCTION[0]


cdef object with_defaults(object function, tuple args, dict kwargs):
    """The arguments in the order of forward(), defaults filled in: (positional, by keyword)."""
    import inspect

    bound = inspect.signature(function.forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


cdef object apply_function(object function, tuple args, dict kwargs):
    cdef Context context
    cdef int i, count
    cdef bint recorded = False, dual = False, needed, variable
    cdef int previous
    if modes() & ABOVE:
        taken = ask(function.__name__, args, (function, kwargs), None, False, True)
        if taken is not NotImplemented:
            return taken
    base = FUNCTION[0]
    two_parts = function.setup_context is not base.setup_context
    if two_parts:
        code = getattr(function.forward, "__code__", None)
        if kwargs or code is None or code.co_argcount != len(args) or code.co_kwonlyargcount:
            args, kwargs = with_defaults(function, args, kwargs)
    for name, value in kwargs.items():
        if is_variable(value) and edge_of(<Variable>value) != NULL:
            raise TypeError(f"{function.__name__}.apply(): the Variable {name!r} requires grad and is given by keyword, "
                            "where no gradient reaches it: give it by position")
    # By the slot: a call of the class looks for an __init__, and costs a tenth of a microsecond more.
    own = function._backward_cls
    context = <Context>(<PyTypeObject*>own).tp_new(<type>own, <PyObject*>NO_ARGUMENTS, NULL)
    count = <int>len(args)
    context.edge, context.owner = <Node**>allocate((count if count else 1) * sizeof(Node*)), True
    context.needs, context.is_variable = PyTuple_New(count), PyTuple_New(count)
    for i in range(count):
        value = args[i]
        needed, variable = False, is_variable(value)
        if variable:
            context.edge[context.edges] = hold(edge_of(<Variable>value))
            context.edges += 1
            needed = context.edge[context.edges - 1] != NULL
            recorded = recorded or needed
        Py_INCREF(TRUE if needed else FALSE)
        PyTuple_SET_ITEM(context.needs, i, TRUE if needed else FALSE)
        Py_INCREF(TRUE if variable else FALSE)
        PyTuple_SET_ITEM(context.is_variable, i, TRUE if variable else FALSE)
    dual = modes() & FORWARD and any([tangent_in(value) is not None for value in args])
    previous = enter_modes(GRAD_OFF | (TRACING if recorded else 0), FORWARD)
    try:
        if two_parts:
            raw = function.forward(*args, **kwargs)
            function.setup_context(context, args, raw)
        elif kwargs or count != 1:
            raw = function.forward(context, *args, **kwargs)
        else:                       # without a tuple and a dict for the call
            raw = function.forward(context, args[0])
    finally:
        leave_modes(previous)
    outputs = raw if type(raw) is tuple else (raw,)
    seen = [looked_at(context, args, output) for output in outputs] if dual else None
    results = wrapped(context, args, outputs, recorded, dual)
    if dual:
        push_function_tangents(context, function, args, outputs, results, seen)
    # what the context no longer needs would keep the outputs alive, which keep it
    context.saved_for_forward = context.to_save = context.dirty_tensors = context.non_differentiable = None
    return results if type(raw) is tuple else results[0]


cdef tuple wrapped(Context context, tuple args, tuple outputs, bint recorded, bint dual):
    """The outputs, with a node on those that are differentiated."""
    cdef list results = list(outputs)
    cdef list on = []
    cdef Variable v
    cdef int k, count = <int>len(outputs)
    cdef bint any_on = False, differentiable
    if count == 1 and recorded and is_variable(outputs[0]) and is_own(context, args, <Variable>outputs[0]):
        v = <Variable>outputs[0]        # most Functions: one result of its own
        v.flags &= ~(DEPENDS | MADE_UNDER)
        context.kind, context.outputs = Py_TYPE(<PyObject*>v), 1
        attach(context, args, outputs, outputs, None)
        return outputs
    inputs = {id(value) for value in args if is_variable(value)}
    given = {id(value) for value in outputs if is_variable(value)}
    dirty = written_inputs(context, inputs, given, args, recorded)
    fixed = {id(value) for value in context.non_differentiable} if context.non_differentiable else None
    context.about = []
    again = {}
    for k in range(count):
        value = outputs[k]
        if not is_variable(value):
            on.append(None)
            context.about.append(None)
            continue
        v = <Variable>value
        differentiable = recorded and category(type_of(v)) >= 2 and not (fixed is not None and id(value) in fixed)
        if id(value) in again:
            v = <Variable>again[id(value)]
        elif not (dirty is not None and id(value) in dirty):
            if id(value) in inputs or current_node(v) != NULL:
                if differentiable or dual or current_node(v) != NULL:     # a dual's jvp() gives it a tangent of its own
                    v = returned_input(v, id(value) in inputs, dual)
                else:
                    v = seen_again(v)
            elif v.path is not None and v.history != NULL:
                if dual:
                    drop_history(v, v.array)
                elif differentiable:
                    v.generation = v.history.generation     # from here on a write to its base is noticed: see renewed_node
                v.flags |= CUSTOM_VIEW
            if id(value) not in inputs:
                again[id(value)] = v
        v.flags &= ~DEPENDS
        if differentiable:
            v.flags &= ~MADE_UNDER
        results[k] = v
        on.append(v if differentiable else None)
        any_on = any_on or differentiable
        context.about.append((tuple(v.shape), numpy_dtype(type_of(v)), <object><PyObject*>Py_TYPE(<PyObject*>v),
                              differentiable))
    if not any_on:
        return tuple(results)
    if count > 1:
        context.pick = <Node**>allocate(count * sizeof(Node*))
        for k in range(count):
            context.pick[k] = NULL
    context.outputs = count
    attach(context, args, tuple(results), tuple(on), dirty)
    return tuple(results)


cdef bint is_own(Context context, tuple args, Variable v) except -1:
    """Whether a result is nothing but that: a float array or number that forward() made, and said nothing particular about."""
    if context.dirty_tensors is not None or context.non_differentiable is not None or v.node != NULL or v.path is not None:
        return False
    if category(type_of(v)) < 2 or v.history != NULL:
        return False
    for value in args:
        if value is v:
            return False
    return True


cdef int attach(Context context, tuple args, tuple results, tuple on, object dirty) except -1:
    """Record the node, on the results that are differentiated, and save what is to be saved."""
    cdef int k
    cdef Node* node = make_custom(context, 0, context.edge, context.edges, on, dirty, context.pick)
    context.node = node
    context.owner = False
    for k in range(context.edges):
        disown(context.edge[k])         # the node holds them
    try:
        if context.to_save is not None:
            save_all(context, args, results, on)
    finally:
        disown(node)
    return 0


cdef object seen_again(Variable v):
    """A view of all of an input that is returned as it is, where nothing is recorded."""
    cdef Variable view
    cdef int previous = enter_modes(GRAD_OFF, 0)
    try:
        view = view_by(v, identity)
    finally:
        leave_modes(previous)
    view.flags |= CUSTOM_VIEW
    return view


cdef object returned_input(Variable v, bint is_input, bint dual):
    """An input, or what has a graph of its own, that is returned as it is: another look at it, for the node to stand on."""
    cdef Variable result
    if v.array == NULL:
        result = from_number(Py_TYPE(<PyObject*>v), v.value, type_of(v))
    elif not is_input or dual or v.flags & BATCHED:
        result = alias_in(v, True)
    else:
        previous = enter_modes(GRAD_OFF, FORWARD)       # a view of the input, whose node is yet to come
        try:
            result = view_by(v, identity)
        finally:
            leave_modes(previous)
    if is_input:
        result.flags |= CUSTOM_VIEW
    return result


cdef object written_inputs(Context context, set inputs, set given, tuple args, bint recorded):
    """The ids of inputs that forward() says it wrote in place, checked; None: there are none."""
    cdef Variable v
    cdef int i, e
    if not context.dirty_tensors:
        return None
    dirty = set()
    for value in context.dirty_tensors:
        if id(value) not in given:
            raise RuntimeError("Some elements marked as dirty during the forward method were not returned as output. "
                               "The inputs that are modified inplace must all be outputs of the Function.")
        v = <Variable>value
        if id(value) not in inputs:
            if recorded:
                text = ("ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have been mutated "
                        "should be passed to ctx.mark_dirty().")
                if v.path is not None and v.history != NULL:
                    raise RuntimeError(text)
                warnings.warn(text, stacklevel=2)
            continue
        dirty.add(id(value))
        if v.path is not None and v.history != NULL:
            check_writable(v)
        e = 0
        for i in range(len(args)):
            if args[i] is value and context.edge[e] != NULL and context.edge[e].flags & LEAF:
                raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
            e += is_variable(args[i])
        if v.path is not None and v.history != NULL and len(given) > 1:
            raise RuntimeError("If your Function modifies inplace an input that is a view of another Tensor, your "
                               "Function cannot return more than one Tensor. This is not supported by the current "
                               "autograd engine. You should either make sure the input is not a view (using .clone() "
                               "for example) or make your Function only return one Tensor (potentially splitting it "
                               "into two Functions: one doing the inplace that returns a single Tensor and a second "
                               "one that does the other operations).")
        if v.array != NULL:
            bump(v.array.storage)       # it may have been written as the plain array that it shares memory with
    return dirty


cdef int save_all(Context context, tuple args, tuple results, tuple on) except -1:
    """What save_for_backward() was given, once the node is there."""
    cdef int i, place, e
    kept = []
    for tensor in context.to_save:
        if tensor is None:
            kept.append(None)
            continue
        place = -1
        for i in range(len(results)):
            if results[i] is tensor and on[i] is not None:
                place = i
        if place >= 0:
            kept.append(keep(<Variable>tensor, place, True))
            continue
        e = 0
        for i in range(len(args)):
            if args[i] is tensor:
                place = e
                break
            e += is_variable(args[i])
        kept.append(keep(<Variable>tensor, place, False))
    context.kept = kept
    return 0


# ---- forward mode

cdef object looked_at(Context context, tuple args, object output):
    """The number of the argument that an output is or looks at, asked before wrapped() parts them; or None."""
    cdef Variable v, argument
    if not is_variable(output):
        return None
    v = <Variable>output
    for i in range(len(args)):
        if args[i] is output:
            return i
    if v.path is not None and v.history != NULL:
        for i in range(len(args)):
            if is_variable(args[i]):
                argument = <Variable>args[i]
                if argument.history == v.history:
                    return i
    return None


cdef int check_looks(Variable tangent, Variable of) except -1:
    """An output that looks at an input must have a tangent that looks at the input's: writes to one reach the other."""
    if tangent.path is None or tangent.history == NULL:
        raise RuntimeError("A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a "
                           "view.")
    if tangent.history != of.history:
        raise RuntimeError("A custom Function is returning a view but the jvp is not returning a view of the "
                           + ("same base as the " if of.path is not None else "") + "given grad input.")
    return 0


cdef int push_function_tangents(Context context, object function, tuple args, tuple outputs, tuple results,
                                list seen) except -1:
    """jvp() of a Function with the tangents of its inputs: what it returns are those of the outputs.

    outputs is what forward() returned, results what becomes of it; seen: see looked_at().
    """
    cdef list tangents = []
    cdef list versions = []
    cdef int kept
    cdef Variable v, tangent
    if function.jvp is FUNCTION[0].jvp:
        raise NotImplementedError("You must implement the jvp function for custom autograd.Function to use it with "
                                  "forward mode AD.")
    dirty = {id(value) for value in context.dirty_tensors or ()}
    fixed = {id(value) for value in context.non_differentiable or ()}
    for value in args:
        tangent = tangent_in(value) if is_variable(value) else None
        versions.append(tangent._version if tangent is not None and id(value) in dirty else None)
        if tangent is None and is_variable(value) and context.materialize and category(type_of(<Variable>value)) >= 2:
            tangent = flavoured(zero_like(<Variable>value), Py_TYPE(<PyObject*>value))
        tangents.append(tangent)
    kept = enter_lower()
    try:
        if context.saved_for_forward is None:
            context.saved_for_forward = ()
        given = function.jvp(context, *tangents)
    finally:
        leave_lower(kept)
    context.saved_for_forward = None
    if not isinstance(given, tuple):
        given = (given,)
    if len(given) != len(results):
        raise RuntimeError(f"Function's jvp returned an invalid number of forward gradients (expected {len(results)} "
                           f"but got {len(given)})")
    for k, (result, new) in enumerate(zip(results, given, strict=True)):
        if new is not None and not is_variable(new):
            raise RuntimeError(f"expected Variable or None (got {type(new).__name__}) for grad output {k}.")
        if not is_variable(result) or category(type_of(<Variable>result)) < 2 or id(outputs[k]) in fixed:
            if new is not None:
                raise RuntimeError(f"Function's jvp returned a gradient at position {k}, but  the corresponding forward "
                                   "output is not a differentiable Tensor.You should return None at that position instead.")
            continue
        v, tangent = <Variable>result, <Variable>new
        at = seen[k]
        if id(outputs[k]) in dirty and at is not None and versions[at] is not None:
            if new is not tangents[at] or tangent._version == versions[at]:
                raise RuntimeError("An inplace custom Function is not modifying the forward mode gradients inplace. If the "
                                   "forward is modifying an input inplace, then the jvp function must modify the "
                                   "corresponding gradient inplace.")
            continue
        if new is None:
            continue
        if at is not None and id(outputs[k]) not in dirty and tangents[at] is not None:
            check_looks(tangent, <Variable>tangents[at])
        if tuple(v.shape) != tuple(tangent.shape):
            raise RuntimeError("Trying to set a forward gradient that has a different size than that of the original "
                               f"Tensor, this is not supported. Tensor is of size {list(v.shape)} while the given "
                               f"forward gradient is of size {list(tangent.shape)}.")
        if type_of(tangent) != type_of(v):
            tangent = <Variable>cast(tangent, numpy_dtype(type_of(v)))
        set_tangent(v, tangent)
    return 0
