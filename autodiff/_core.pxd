# cython: language_level=3
"""Storage, the graph and the engine.  Names no op: what an op is stands in the table `ops`, filled by _engine and _variable."""
from cpython.object cimport PyObject
from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t, uintptr_t

from ._kernels cimport FLOAT32 as KERNEL_FLOAT32, FLOAT64 as KERNEL_FLOAT64, Kernel, Partial, intp

cdef enum:
    MAX_NODE_OPS = 512
    SLAB_BYTES = 8192           # aligned to its size, so that a node finds its slab by masking its address
    SLAB_NODES = 169
    GROUP = 16                  # nodes to a bit of Block.groups: with 64, a pass over ten nodes looked at 200 places
    WORD = 64                   # bits
    WORDS = 3
    CHUNK_SLABS = 128

# An ARRAY without PAYLOAD is an element node: one element of an array was read (OUT_SCALAR) or written.
cdef enum:                      # flags of a node
    LEAF = 1
    ARRAY = 2                   # an op on arrays: operands, result and parameters are in the payload
    OUT_SCALAR = 4              # the cotangent is a C double
    FLOAT32 = 8                 # ... rounded to float32 after every step
    LEFT_NUMBER = 16            # the operand was a Python number
    RIGHT_NUMBER = 32
    SAVES = 64                  # the op saved a value, so that a second walk without retain_graph is an error
    FREED = 128                 # SAVES << 1
    MODIFIED = 256              # written in place after others had saved its value (0-d values only)
    PAYLOAD = 512               # x is a payload
    HOOKED = 1024               # the payload's extras hold something the walk must run
    HEAD = 2048                 # several outputs: the cotangent is a vector, filled by pick nodes
    PICK = 4096                 # one of those outputs
    PYTHON = 8192               # the derivative is a Python callable, in the payload's params
    VARIANT = 16384             # a second name in the row (sum over dims, ...); of a leaf: it took the place of another
    MXNET = 32768               # recorded under autograd.record()
    SPECIAL = LEAF | ARRAY | FREED | HOOKED | HEAD | PICK | PYTHON

# ---- arrays

cdef struct Shape:              # immutable, shared
    int owners
    int ndim
    intp size
    intp dim[1]                 # ndim of them

cdef struct Storage:            # shared by Variables and saved values
    int owners
    uint32_t version
    char* data
    size_t room                 # bytes of the pool's buffer; 0: foreign
    PyObject* base              # who owns foreign memory
    bint readonly
    uint16_t writer             # 1 + the op of the last write that was recorded; 0: there was none
    Node* number                # of a 0-d value that ops copied before it had a storage; owned
    int watchers                # nodes of elements read, which must notice a write: they keep this struct, not the elements
    int unchanged               # ... of which so many were made at this version

cdef struct Array:              # a geometry on a storage; immutable but for the elements
    int owners
    int type                    # NumPy's type number
    Storage* storage
    char* data
    Shape* shape
    intp* strides               # bytes; NULL: C-contiguous
    int saves                   # how many of the owners are saved values

cdef enum:
    FLAT_SIZE = 4096            # elements from which a loop may be shared among threads; below it may be called as it is

cdef Shape* new_shape(int ndim, const intp* dim) except NULL
cdef Shape* scalar_shape
cdef void release_shape(Shape* shape) noexcept
cdef bint reduces_to(Shape* source, Shape* shape) noexcept
cdef bint same_shape(const Shape* a, const Shape* b) noexcept
cdef int itemsize(int type) noexcept
cdef Array* new_array(int type, Shape* shape) except NULL
cdef Array* new_geometry(Array* source, char* data, Shape* shape, const intp* strides) except NULL
cdef Array* foreign_array(int type, char* data, Shape* shape, const intp* strides, object base, bint readonly) except NULL
cdef void release_array(Array* array) noexcept
cdef void release_storage(Storage* storage) noexcept
cdef void bump(Storage* storage) noexcept
cdef bint sole_owner(Array* array) noexcept
cdef const intp* strides_of(Array* array, intp* room) noexcept
cdef Array* zeros(int type, Shape* shape) except NULL
cdef int add_array(Array* target, Array* source) except -1
cdef Array* contiguous_copy(Array* source) except NULL
cdef Array* reduce_array(Array* source, int type, Shape* shape) except NULL
cdef bint lies_flat(Array* array, Shape* shape) noexcept
cdef bint broadcast_strides(Array* source, Shape* shape, intp* strides) noexcept

cdef enum:                      # NumPy's type numbers of the dtypes that the kernels are compiled for
    NPY_FLOAT = 11
    NPY_DOUBLE = 12

# Inline: a read x[i] asks several times, and a call across modules goes by a pointer.

cdef inline int kernel_type(int type) noexcept nogil:
    """The index of a dtype in the tables of kernels, or -1."""
    return KERNEL_FLOAT64 if type == NPY_DOUBLE else KERNEL_FLOAT32 if type == NPY_FLOAT else -1

cdef inline double read_double(int type, char* data) noexcept nogil:
    return (<double*>data)[0] if type == NPY_DOUBLE else <double>(<float*>data)[0]

cdef inline void write_double(int type, char* data, double value) noexcept nogil:
    if type == NPY_DOUBLE:
        (<double*>data)[0] = value
    else:
        (<float*>data)[0] = <float>value

# ---- the graph

cdef union NodeX:
    double value
    Payload* payload
    Storage* storage            # of an element read: watched; NULL: what is saved of it is a snapshot
    Shape* shape                # of an element write: of its result; owned

cdef struct Place:              # of an element: its number in C order, and the storage's version when it was read
    uint32_t position
    uint32_t version

cdef union NodeY:
    double value
    void* variable              # of a leaf: its Variable, weakly
    Place place                 # of an element node

cdef union NodeOut:
    double value
    Node* next_dead             # once the node is dead

cdef struct Node:               # 48 bytes, no Python object, unknown to the garbage collector
    Node* left
    Node* right
    NodeX x                     # copies of the operands and the result: the rule is called at the walk
    NodeY y
    NodeOut out
    int32_t owners              # Variables, node objects and newer nodes that refer to this one
    uint16_t op
    uint16_t flags

cdef enum:                      # states of a saved value
    NOTHING = 0
    NUMBER = 1                  # a Python number, or a 0-d value copied
    SAVED = 2                   # an array and its version
    PACKED = 3                  # what a saved-tensor hook made of it

cdef struct Saved:
    Array* array
    double value
    PyObject* packed
    uint32_t version
    int state
    bint counted                # among the array's saves

cdef union Beside:              # what only some nodes have, none of them both
    Storage* watched            # edges == 0, of what was an element node: its storage (see NodeX), read at this version
    PyObject* shapes            # edges > 0: of the operands, where a derivative mentions them; or NULL

cdef struct Payload:
    Shape* shape                # of the result, so of the cotangent
    int type
    int edges                   # how many operands beyond left and right, in edge
    Node** edge
    uint16_t snapshot           # the op wrote in place: what it saved of its operands are copies of its own
    uint16_t tag                # which of the op's names the node bears: its number in TAGS of _base
    uint32_t version
    Beside beside
    Saved x, y, out
    PyObject* params            # those that the op was applied with; NULL: the row's defaults
    PyObject* extras            # hooks, metadata: NodeExtras

cdef union Cotangent:
    uint64_t bits
    double value
    Array* array
    PyObject* variable
    Vector* vector

cdef struct Vector:             # the cotangents of an op with several outputs
    int size
    Cotangent cotangent[1]

cdef enum:
    # Signalling NaNs: no operation returns one, and those that users pass in are made quiet.
    UNTOUCHED = 0x7FF4DEADBEEF0001
    UNDEFINED = 0x7FF4DEADBEEF0002

cdef struct Marks:
    uint64_t reachable[WORDS]
    uint64_t needed[WORDS]
    uint64_t captured[WORDS]
    int32_t pending[SLAB_NODES]

cdef struct Block:              # the cotangents of one slab in one pass
    Pass* owner
    Slab* slab
    Block* next                 # of another pass on the same slab
    Block* next_open            # of the same pass, where blocks stay open to its end
    Marks* marks
    uint32_t groups             # which groups of nodes hold a cotangent not yet passed on
    Cotangent cotangent[SLAB_NODES]

cdef struct Slab:
    uint64_t number             # creation order; slabs of leaves have 0, so that a walk reaches them last
    int32_t used                # nodes handed out, in creation order; a hole is never filled again, but for leaves
    int32_t live                # nodes still owned, and one for each block open on it
    Block* block
    Slab* next_spare
    Chunk* chunk
    Node node[SLAB_NODES]

cdef struct Chunk:
    int spare                   # how many of its slabs wait to be used
    Slab* first_spare
    Chunk* previous
    Chunk* next

cdef struct Late:
    Node* leaf
    Cotangent g

cdef struct Pass:
    Slab** heap                 # touched slabs, newest on top
    intp heap_size, heap_room
    Block* spare_block          # linked by `next`
    int spare_count
    Block* open                 # of a pass with marks: all its blocks
    Slab** order                # slabs in the order of marking, newest first
    intp order_size, order_room
    bint retain, recorded, marked, counted, special
    bint anomaly                # anomaly mode: every result is looked at
    bint others                 # what the roots reach has leaves that are no inputs, found by mark()
    bint bare                   # it ends at its inputs, whose hooks are not run: another pass hands their gradients on
    bint unusual                # ... and nodes with hooks, of several results, or of Python
    intp batch                  # so many cotangents of each node, all of them arrays; 0: one
    Shape* rows                 # ... (batch,)
    PyObject* level             # ... whose handles they are for what is computed on Variables; borrowed
    Late* late                  # gradients of leaves that had other nodes before, until the last of those was reached
    intp late_size, late_room
    bint closing                # ... which it was: their hooks run
    PyObject* captures          # {address of node: cotangent as a Variable}
    Node* current               # whose hooks or derivative in Python run, which the graph keeps; NULL before and after the walk
    Pass* next_spare

cdef struct Graph:
    Slab* newest
    Slab* leaves
    Node* spare_leaf
    uint64_t slabs_opened
    Node* dead                  # nodes that nobody owns, chained, until release_dead()
    bint releasing              # release_dead() runs
    int unusual                 # anything that a recorded op must look at, in any thread
    intp modified               # live nodes that are MODIFIED, and reads of elements that were written since
    intp hooks                  # hooks and Python payloads alive: what the collector must be shown
    intp leaf_hooks             # hooks on leaves: then a pass counts the edges into leaves
    int anomaly                 # threads in anomaly mode
    intp nodes                  # live array nodes, for tests

cdef Graph graph

cdef inline Slab* slab_of(Node* node) noexcept nogil:
    return <Slab*>(<uintptr_t>node & ~(<uintptr_t>(SLAB_BYTES - 1)))

# ---- what an op is

ctypedef double (*Partial1)(double g, double x, double y, double out) noexcept nogil

cdef struct Op:
    Kernel* kernel[2]           # elementwise: by dtype; NULL otherwise
    # a value-only VJP in C: accumulate operand's cotangent, given g of the result. Only if grads are not recorded.
    int (*fast)(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1
    # the same of a batch of cotangents
    int (*of_batch)(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1
    int dx_saves, dy_saves
    int copies                  # LEFT_NUMBER: a node with that flag saved copies of its operands; 0: none does

cdef Op[512] ops
cdef Partial1[1024] point_dx    # [dtype * MAX_NODE_OPS + op]
cdef Partial1[1024] point_dy

# What the engine must ask of the layer of Variables; filled by _engine at import.
cdef struct Table:
    PyObject* (*wrap)(Node* node, Cotangent g) except NULL             # a Variable of a cotangent (which stays owned)
    int (*unwrap)(Node* node, object variable, Cotangent* g) except -1  # ... and back: g is owned
    PyObject* (*vjp)(Node* node, int operand, PyObject* g) except? NULL   # on Variables; NULL: undefined
    PyObject* (*vjp_python)(Node* node, PyObject* gs, PyObject* needs) except NULL  # custom op: tuple, an entry for each edge
    void (*free_custom)(Node* node) noexcept                         # ... what it saved is no longer needed
    void (*custom_gone)(Node* node) noexcept                         # ... its node, or that of an output, is being released
    PyObject* (*add)(PyObject* a, PyObject* b) except NULL
    PyObject* (*fit)(Node* node, PyObject* g) except NULL            # undo broadcasting and cast, recorded
    int (*accumulate)(Node* leaf, Cotangent g, bint recorded) except -1  # into .grad; takes g
    PyObject* (*own)(PyObject* variable, bint recorded) except NULL  # it, or a copy if somebody else can see its elements
    bint (*is_variable)(PyObject* o) noexcept
    int (*retain)(Node* node, object variable, Cotangent g, bint recorded) except -1
    int (*created)(Node* node) except -1                             # anomaly mode: remember where
    void (*wrote)(void* place, uint32_t version) noexcept            # ... a storage, or a 0-d node, was written in place
    int (*inspect)(Node* node, PyObject* results) except -1          # ... and raise if a result has a NaN
    PyObject* (*enter_node)(Node* node) except NULL     # in anomaly mode: nodes made until leave_node() are of its derivative
    int (*leave_node)(PyObject* entered) except -1      # takes what enter_node() returned
    int (*changed)(Node* node, Node* source, Array* array, int expected) except -1    # raises: modified in place
    int (*add_generic)(Array* target, Array* source) except -1        # dtypes that _kernels has no loop for
    Array* (*reduce_generic)(Array* source, int type, Shape* shape) except NULL
    PyObject* (*place)(Node* node) except NULL                       # of an element node: what its payload has as params
    int (*arity)(Node* node) noexcept                                # how many operands a node without further edges has
    int (*run_batch)(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1    # a batch to an operand
    int (*accumulate_batch)(Pass* walk, Node* node, Array* array) except -1     # takes the array
    PyObject* (*wrap_batch)(Array* array) except NULL

cdef Table table

cdef Node* record(int op, int flags, double out, Node* left, double x, Node* right, double y) except NULL
cdef Node* record_payload(int op, int flags, Payload* payload, Node* left, Node* right) except NULL
cdef Node* new_leaf(void* variable, int flags, Payload* payload) except NULL
cdef Payload* new_payload(int type, Shape* shape) except NULL
cdef void release_payload(Payload* payload) noexcept
cdef void release_saved(Saved* saved) noexcept
cdef Node* record_read(int op, int type, Node* left, intp position, Storage* watched) except NULL
cdef Node* record_write(int op, int type, Shape* shape, Node* left, intp position, Node* right) except NULL
cdef bint watches(Node* node, Storage* storage) noexcept
cdef Payload* promote(Node* node) except NULL
cdef void release_node(Node* node) noexcept
cdef void release_dead() noexcept
cdef int node_type(Node* node) noexcept
cdef Shape* node_shape(Node* node) noexcept
cdef double node_x(Node* node) noexcept
cdef void mark_modified(Node* node) noexcept
cdef int saved_array(Node* node, Saved* saved, Array** array) except -1
cdef int raise_freed() except -1
cdef Node* source_of(Node* node, Saved* saved) noexcept
cdef int check_modified(Node* node, int operand) except -1

cdef inline Node* edge(Node* node, int operand) noexcept:
    return node.left if operand == 0 else node.right if operand == 1 else node.x.payload.edge[operand - 2]

cdef inline bint is_element(Node* node) noexcept nogil:
    return node.flags & (ARRAY | PAYLOAD) == ARRAY

# What is borrowed (a Node*, an Array*, a Storage*, a Payload* that only some Variable owns) may not be looked at again after
# anything that makes a Python object, runs Python or lets something go: CPython 3.11 collects inside allocations, and a
# finaliser may call detach_(), assign .data or run a pass.  So: hold() what is needed later, or record first and make the
# object then.  tests/test_layers.py reads the sources for it.

cdef inline Node* hold(Node* node) noexcept:
    """The node, owned by the caller from now on, who lets it go by disown()."""
    if node != NULL:
        node.owners += 1
    return node

cdef inline Array* hold_array(Array* array) noexcept:
    """The array, owned by the caller from now on, who lets it go by release_array()."""
    if array != NULL:
        array.owners += 1
    return array

cdef inline void disown(Node* node) noexcept:
    if node != NULL:
        node.owners -= 1
        if node.owners == 0:
            node.out.next_dead = graph.dead
            graph.dead = node
            if not graph.releasing:
                release_dead()

cdef class NodeExtras:
    cdef public object hooks        # on the tensor: {id: callable}
    cdef public object prehooks     # on the node, before it runs: {id: callable}
    cdef public object posthooks    # on the node, after it ran
    cdef public object accumulated  # on a leaf, after it accumulated
    cdef public dict metadata
    cdef public object retained     # weak reference to the Variable that retains its gradient
    cdef public object traceback
    cdef public tuple place         # in anomaly mode: the file, line and function of the program that made the node
    cdef public object parent       # the node, an object, of whose derivative this one is: in anomaly mode
    cdef public dict tangents       # of what is saved, in forward mode: see keep_tangents
    cdef public str name            # of the node, where a composite op gave it one
    cdef public intp counted        # hooks here, as counted in graph.hooks
    cdef public intp leaf_hooks

# ---- threads and forks

cdef class Turn:
    cdef bint held
    cdef int forks                  # when it was taken
    cdef unsigned long thread       # ... by whom
    cdef bint taken(self) noexcept
    cdef bint claim(self) noexcept

# ---- the engine

cdef Pass* begin_pass(bint retain, bint recorded) except NULL
cdef void end_pass(Pass* walk) noexcept
cdef int seed(Pass* walk, Node* node, Cotangent g) except -1
cdef int mark(Pass* walk, list roots, list inputs) except -1
cdef int run_pass(Pass* walk) except -1
cdef int accumulate_value(Pass* walk, Node* node, double value) except -1
cdef int accumulate_array(Pass* walk, Node* node, Array* array) except -1
cdef int accumulate_variable(Pass* walk, Node* node, PyObject* variable) except -1
cdef int accumulate_undefined(Pass* walk, Node* node) except -1
cdef int accumulate_pick(Pass* walk, Node* head, int position, Cotangent g) except -1
cdef Array* open_place(Pass* walk, Node* node) except NULL
cdef Cotangent* slot(Pass* walk, Node* node) except NULL
cdef int make_own(Cotangent* place) except -1
cdef int operand_of(Node* node, Saved* saved, Shape* shape, char** data, intp* strides) except -1
cdef int run_held(Payload* payload, Partial partial, Shape* shape, char** data, const intp** strides,
                  bint accumulating) noexcept
cdef double total(Array* array) except? -1e300
cdef Node* current_leaf(Node* leaf) noexcept
cdef bint wanted(Pass* walk, Node* node) noexcept
cdef int run_accumulated(Node* leaf) except -1
cdef void* allocate(size_t bytes) except NULL
