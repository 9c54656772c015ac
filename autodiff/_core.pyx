# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""Storage, the graph and the engine.

Storage: reference-counted C structs (a shape, a storage with its version, a geometry on it), buffers kept in a pool.

The graph is an array in creation order.  A node's edges are written once, to finished nodes, so creation order is a
topological order and the reverse pass is a walk down the slabs, newest first: no search, no recursion, no dependency
counts.  docs/architecture.md says what was measured.

The engine names no op.  What it knows of one is its entry in the table `ops`.
"""
cimport cython
import os

from cpython.exc cimport PyErr_CheckSignals
from cpython.pythread cimport PyThread_get_thread_ident
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memset

from ._kernels cimport (FLOAT32 as KERNEL_FLOAT32, MAX_DIMS, SAVES_OUT, SAVES_X, SAVES_Y,
                        Kernel, Partial, add_into, copy_bytes, intp, run_partial, sum_all)

cdef extern from *:
    """
    #include <stdlib.h>
    #define autodiff_highest_bit(mask) (31 - __builtin_clz(mask))
    #define autodiff_highest_bit_of(size) (63 - __builtin_clzll((unsigned long long)(size)))
    #define autodiff_prefetch(address) __builtin_prefetch((address), 1)
    #if defined(__linux__)
    #  include <sys/mman.h>
    #endif
    /* Pools and slabs hide a use after release from address sanitizer.  A build with it keeps nothing for reuse, and
       nobody may look at a node between its release and the next taking of its place. */
    #if defined(__has_feature)
    #  if __has_feature(address_sanitizer)
    #    define AUTODIFF_SANITIZED 1
    #  endif
    #elif defined(__SANITIZE_ADDRESS__)
    #  define AUTODIFF_SANITIZED 1
    #endif
    #ifdef AUTODIFF_SANITIZED
    #  include <sanitizer/asan_interface.h>
    #  define autodiff_pooled 0
    #  define autodiff_forbid(memory, bytes) ASAN_POISON_MEMORY_REGION((memory), (bytes))
    #  define autodiff_permit(memory, bytes) ASAN_UNPOISON_MEMORY_REGION((memory), (bytes))
    #else
    #  define autodiff_pooled 1
    #  define autodiff_forbid(memory, bytes) ((void)(memory))
    #  define autodiff_permit(memory, bytes) ((void)(memory))
    #endif
    /* Pages of 2 MB where the system gives them to who asks: one fault instead of 512, and no misses of the translation
       cache. */
    static void autodiff_huge_pages(void *memory, size_t bytes)
    {
    #if defined(__linux__) && defined(MADV_HUGEPAGE)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    #else
        (void)memory; (void)bytes;
    #endif
    }
    """
    void huge_pages "autodiff_huge_pages"(void* memory, size_t bytes) nogil
    void prefetch "autodiff_prefetch"(const void* address) nogil
    const bint POOLED "autodiff_pooled"
    void forbid "autodiff_forbid"(void* memory, size_t bytes) nogil
    void permit "autodiff_permit"(void* memory, size_t bytes) nogil
    void* aligned_alloc(size_t alignment, size_t size) nogil
    int highest_bit "autodiff_highest_bit"(uint32_t mask) nogil
    int highest_bit_of "autodiff_highest_bit_of"(size_t size) nogil

# ---- memory: every allocation can be made to fail, so that tests can prove that a failure leaves nothing half done

cdef intp failing_allocation = -1     # how many allocations succeed before one fails; -1: none fails


cdef inline bint allowed() noexcept:
    global failing_allocation
    if failing_allocation < 0:
        return True
    if failing_allocation == 0:
        failing_allocation = -1
        return False
    failing_allocation -= 1
    return True


cdef void* allocate(size_t bytes) except NULL:
    cdef void* memory = malloc(bytes) if allowed() else NULL
    if memory == NULL:
        raise MemoryError(f"autodiff could not allocate {bytes} bytes")
    return memory


def _fail_allocation(intp after):
    """Let `after` more allocations of the core succeed and the next one fail; for tests.  -1 switches it off."""
    global failing_allocation
    failing_allocation = after


# ---- pooled buffers: a fresh 1 MB result costs 0.45 ms in page faults, a pooled one 0.04.  The cap holds a chain of 64 ops
# on 8 MB, which with a cap of 128 MB took 67 ms, most of them in page faults.

cdef enum:
    SMALLEST_CLASS = 6          # 64 bytes
    LARGEST_CLASS = 27          # 128 MB
    POOL_CAP = 1 << 30          # bytes kept at the most
    HUGE = 1 << 22              # 4 MB: from here on huge pages are asked for, as NumPy does
    HUGE_PAGE = 1 << 21

cdef struct Spare:
    Spare* next

cdef Spare* spare_buffers[28]
cdef size_t pooled_bytes = 0
cdef size_t used_bytes = 0
cdef Spare* spare_shapes[5]
cdef Spare* spare_arrays = NULL
cdef Spare* spare_storages = NULL
cdef Spare* spare_payloads = NULL


cdef inline int size_class(size_t bytes) noexcept:
    return SMALLEST_CLASS if bytes <= 1 << SMALLEST_CLASS else highest_bit_of(bytes - 1) + 1


cdef char* take_buffer(size_t bytes, size_t* room) except NULL:
    global pooled_bytes, used_bytes
    cdef int c = size_class(bytes)
    cdef Spare* spare
    cdef void* memory
    cdef size_t alignment
    if c <= LARGEST_CLASS:
        room[0] = <size_t>1 << c
        spare = spare_buffers[c]
        if spare != NULL:
            spare_buffers[c] = spare.next
            pooled_bytes -= room[0]
            used_bytes += room[0]
            return <char*>spare
    else:
        room[0] = (bytes + 63) & ~(<size_t>63)
    alignment = 64
    if bytes >= HUGE:
        alignment = HUGE_PAGE
        room[0] = (room[0] + HUGE_PAGE - 1) & ~(<size_t>(HUGE_PAGE - 1))
    memory = aligned_alloc(alignment, room[0]) if allowed() else NULL
    if memory == NULL:
        release_memory()
        memory = aligned_alloc(alignment, room[0]) if allowed() else NULL
    if memory == NULL:
        raise MemoryError(f"autodiff could not allocate {bytes} bytes for an array")
    if bytes >= HUGE:
        huge_pages(memory, room[0])
    used_bytes += room[0]
    return <char*>memory


cdef inline void give_buffer(char* data, size_t room) noexcept:
    global pooled_bytes, used_bytes
    cdef int c
    used_bytes -= room
    if not POOLED or room > (<size_t>1 << LARGEST_CLASS) or pooled_bytes + room > POOL_CAP:
        free(data)
        return
    c = size_class(room)
    (<Spare*>data).next = spare_buffers[c]
    spare_buffers[c] = <Spare*>data
    pooled_bytes += room


@cython.binding(True)        # public: a builtin's messages would name this module
def release_memory():
    """Return the buffers that autodiff keeps for reuse to the system.

    Results take their memory from a pool of at most 1 GB; nothing that is in use is touched.
    """
    global pooled_bytes
    cdef int c
    cdef Spare* spare
    for c in range(LARGEST_CLASS + 1):
        while spare_buffers[c] != NULL:
            spare = spare_buffers[c]
            spare_buffers[c] = spare.next
            free(spare)
    pooled_bytes = 0


@cython.binding(True)
def memory_stats():
    """Bytes of array buffers in use and kept in the pool, and how many payloads of array nodes are alive.

    >>> sorted(memory_stats())
    ['nodes', 'pooled_bytes', 'used_bytes']
    """
    return {"used_bytes": used_bytes, "pooled_bytes": pooled_bytes, "nodes": graph.nodes}


cdef inline void* take(Spare** spares, size_t bytes) except NULL:
    cdef Spare* spare = spares[0]
    cdef char* following
    if spare != NULL:
        # The next one is fetched meanwhile: in a loop over 100,000 elements x[i] the wait for it was a fifth of the time.
        following = <char*>spare.next
        prefetch(following)
        prefetch(following + 64)
        prefetch(following + 128)
        spares[0] = <Spare*>following
        return spare
    return allocate(bytes)


cdef inline void give(Spare** spares, void* memory) noexcept:
    if not POOLED:
        free(memory)
        return
    (<Spare*>memory).next = spares[0]
    spares[0] = <Spare*>memory


# ---- shapes, storages, arrays

cdef Shape* scalar_shape = NULL


cdef Shape* new_shape(int ndim, const intp* dim) except NULL:
    cdef Shape* shape
    cdef int i
    cdef intp size = 1
    if ndim > MAX_DIMS:
        raise ValueError(f"maximum supported dimension is {MAX_DIMS}, but found {ndim}")
    cdef intp span = 1              # of the sizes that are not 0: what a loop may step over
    for i in range(ndim):
        if dim[i] < 0:
            raise RuntimeError(f"invalid shape dimension {dim[i]}")
        if dim[i] > 0:
            if span > 0x0400000000000000 // dim[i]:
                raise RuntimeError("the product of the sizes is too large")
            span *= dim[i]
    if ndim <= 4:
        shape = <Shape*>take(&spare_shapes[ndim], sizeof(Shape) + 4 * sizeof(intp))
    else:
        shape = <Shape*>allocate(sizeof(Shape) + ndim * sizeof(intp))
    for i in range(ndim):
        shape.dim[i] = dim[i]
        size *= dim[i]
    shape.owners, shape.ndim, shape.size = 1, ndim, size
    return shape


cdef void release_shape(Shape* shape) noexcept:
    if shape != NULL:
        shape.owners -= 1
        if shape.owners == 0:
            if shape.ndim <= 4:
                give(&spare_shapes[shape.ndim], shape)
            else:
                free(shape)


cdef bint same_shape(const Shape* a, const Shape* b) noexcept:
    cdef int i
    if a == b:
        return True
    if a.ndim != b.ndim:
        return False
    for i in range(a.ndim):
        if a.dim[i] != b.dim[i]:
            return False
    return True


# bool, 8 to 64 bit integers (C's long is 7 or 8), half, float, double, complex, in NumPy's numbering
cdef int[25] SIZES = [1, 1, 1, 2, 2, 4, 4, sizeof(long), sizeof(long), 8, 8, 4, 8, sizeof(long double), 8, 16,
                      2 * sizeof(long double), 0, 0, 0, 0, 0, 0, 2, 0]


cdef int itemsize(int type) noexcept:
    return SIZES[type]


cdef Array* new_array(int type, Shape* shape) except NULL:
    """Uninitialised, C-contiguous, from the pool."""
    cdef Storage* storage = <Storage*>take(&spare_storages, sizeof(Storage))
    cdef Array* array
    try:
        storage.data = take_buffer(shape.size * SIZES[type], &storage.room)
    except MemoryError:
        give(&spare_storages, storage)
        raise
    storage.owners, storage.version, storage.base, storage.readonly = 1, 0, NULL, False
    storage.number, storage.writer = NULL, 0
    storage.watchers = storage.unchanged = 0
    try:
        array = <Array*>take(&spare_arrays, sizeof(Array))
    except MemoryError:
        release_storage(storage)
        raise
    shape.owners += 1
    array.owners, array.type, array.storage, array.data = 1, type, storage, storage.data
    array.shape, array.strides, array.saves = shape, NULL, 0
    return array


cdef bint is_contiguous(int type, Shape* shape, const intp* strides) noexcept:
    cdef int i = shape.ndim - 1
    cdef intp step = SIZES[type]
    if shape.size == 0:
        return True
    while i >= 0:
        if shape.dim[i] != 1:
            if strides[i] != step:
                return False
            step *= shape.dim[i]
        i -= 1
    return True


cdef Array* new_geometry(Array* source, char* data, Shape* shape, const intp* strides) except NULL:
    """Another look at a storage; strides NULL: C-contiguous."""
    cdef Array* array = <Array*>take(&spare_arrays, sizeof(Array))
    array.strides = NULL
    if strides != NULL and not is_contiguous(source.type, shape, strides):
        try:
            array.strides = <intp*>allocate(shape.ndim * sizeof(intp))
        except MemoryError:
            give(&spare_arrays, array)
            raise
        memcpy(array.strides, strides, shape.ndim * sizeof(intp))
    shape.owners += 1
    source.storage.owners += 1
    array.owners, array.type, array.storage, array.data, array.shape = 1, source.type, source.storage, data, shape
    array.saves = 0
    return array


cdef Array* foreign_array(int type, char* data, Shape* shape, const intp* strides, object base, bint readonly) except NULL:
    """A geometry on memory that a Python object owns."""
    cdef Storage* storage = <Storage*>take(&spare_storages, sizeof(Storage))
    cdef Array* array
    cdef Array source
    storage.owners, storage.version, storage.readonly, storage.writer = 1, 0, readonly, 0
    storage.data, storage.room, storage.base, storage.number = data, 0, <PyObject*>base, NULL
    storage.watchers = storage.unchanged = 0
    Py_INCREF(base)
    source.type, source.storage = type, storage
    try:
        array = new_geometry(&source, data, shape, strides)
    finally:
        release_storage(storage)
    return array


cdef void bump(Storage* storage) noexcept:
    """The elements were written in place: values saved before are no longer these, nor are copies of a 0-d one."""
    cdef Node* number = storage.number
    storage.version += 1
    if graph.anomaly:
        table.wrote(storage, storage.version)
    graph.modified += storage.unchanged
    storage.unchanged = 0
    if number != NULL:
        storage.number = NULL
        mark_modified(number)
        disown(number)


cdef Storage* unowned = NULL        # storages on foreign memory that nobody needs, linked by `data`
cdef bint releasing_foreign = False


cdef void release_storage(Storage* storage) noexcept:
    storage.owners -= 1
    if storage.owners == 0:
        storage.watchers += 1       # the struct stays meanwhile: what is released below may end the last watch
        disown(storage.number)
        if storage.base != NULL:
            release_foreign(storage)
            return
        if storage.room:
            give_buffer(storage.data, storage.room)
        forget_storage(storage)


cdef void release_foreign(Storage* storage) noexcept:
    """The owner of the memory may hold another storage on foreign memory, and so on: one is released at a time."""
    global unowned, releasing_foreign
    cdef PyObject* base
    storage.data = <char*>unowned
    unowned = storage
    if releasing_foreign:
        return
    releasing_foreign = True
    while unowned != NULL:
        storage = unowned
        unowned = <Storage*>storage.data
        base = storage.base
        storage.base = NULL
        forget_storage(storage)
        Py_DECREF(<object>base)
    releasing_foreign = False


cdef inline void forget_storage(Storage* storage) noexcept:
    storage.watchers -= 1
    if storage.watchers == 0:
        give(&spare_storages, storage)


cdef void unwatch(Storage* storage, uint32_t version) noexcept:
    """A node that watched a storage is gone."""
    if storage == NULL:
        return
    storage.watchers -= 1
    if version == storage.version:
        storage.unchanged -= 1
    else:
        graph.modified -= 1
    if storage.watchers == 0 and storage.owners == 0:
        give(&spare_storages, storage)


cdef void release_array(Array* array) noexcept:
    if array == NULL:
        return
    array.owners -= 1
    if array.owners == 0:
        if array.strides != NULL:
            free(array.strides)
        release_shape(array.shape)
        release_storage(array.storage)
        give(&spare_arrays, array)


cdef bint sole_owner(Array* array) noexcept:
    """Whether nobody else can see the elements: then they may be written to, or handed on."""
    return array.owners == 1 and array.storage.owners == 1 and array.storage.room != 0


cdef const intp* strides_of(Array* array, intp* room) noexcept:
    """The strides in bytes, written to `room` if the array is contiguous."""
    cdef int i
    cdef intp step
    if array.strides != NULL:
        return array.strides
    step = SIZES[array.type]
    i = array.shape.ndim - 1
    while i >= 0:
        room[i] = step
        step *= array.shape.dim[i]
        i -= 1
    return room


cdef bint lies_flat(Array* array, Shape* shape) noexcept:
    """Whether the array is contiguous and of the shape."""
    return array.strides == NULL and (array.shape == shape or same_shape(array.shape, shape))


cdef bint broadcast_strides(Array* source, Shape* shape, intp* strides) noexcept:
    """The strides with which source is read as if it had the larger shape; False if it does not broadcast to it."""
    cdef intp[MAX_DIMS] room
    cdef const intp* own = strides_of(source, room)
    cdef int i, j, extra = shape.ndim - source.shape.ndim
    if extra < 0:
        return False
    for i in range(shape.ndim):
        j = i - extra
        if j < 0 or (source.shape.dim[j] == 1 and shape.dim[i] != 1):
            strides[i] = 0
        elif source.shape.dim[j] == shape.dim[i]:
            strides[i] = own[j]
        else:
            return False
    return True


cdef Array* zeros(int type, Shape* shape) except NULL:
    cdef Array* array = new_array(type, shape)
    copy_bytes(array.data, NULL, shape.size * SIZES[type])
    return array


cdef int add_array(Array* target, Array* source) except -1:
    """target += source, in place, source broadcast; a target with strides of 0 sums what falls on one element."""
    cdef intp[MAX_DIMS] target_room, source_strides
    cdef int dtype = kernel_type(target.type)
    if dtype < 0 or source.type != target.type or not broadcast_strides(source, target.shape, source_strides):
        return table.add_generic(target, source)
    add_into(dtype, target.shape.ndim, target.shape.dim, target.data, strides_of(target, target_room), source.data,
             source_strides)
    return 0


cdef Array* contiguous_copy(Array* source) except NULL:
    cdef Array* copy
    if source.strides == NULL:
        copy = new_array(source.type, source.shape)
        copy_bytes(copy.data, source.data, source.shape.size * SIZES[source.type])
        return copy
    return table.reduce_generic(source, source.type, source.shape)


cdef list dims_of(Shape* shape):
    cdef int i
    return [shape.dim[i] for i in range(shape.ndim)]


cdef bint reduces_to(Shape* source, Shape* shape) noexcept:
    """Whether a cotangent of one shape belongs to an operand of the other: broadcast from it, or a single number."""
    cdef int i, extra = source.ndim - shape.ndim
    if source.ndim == 0:
        return True
    for i in range(shape.ndim):
        if shape.dim[i] != 1 and (i + extra < 0 or shape.dim[i] != source.dim[i + extra]):
            return False
    return True


cdef Array* reduce_array(Array* source, int type, Shape* shape) except NULL:
    """The cotangent of an operand that was broadcast: summed to its shape and cast to its dtype; a new array."""
    cdef Array* target
    cdef int i, extra = source.shape.ndim - shape.ndim
    cdef intp[MAX_DIMS] target_strides, own_room, source_room
    cdef const intp* own
    if not reduces_to(source.shape, shape):
        raise RuntimeError(f"got a gradient of shape {dims_of(source.shape)} but expected shape compatible with "
                           f"{dims_of(shape)}")
    if source.type != type or kernel_type(type) < 0:
        return table.reduce_generic(source, type, shape)
    target = zeros(type, shape)
    if source.shape.ndim == 0:
        add_array(target, source)
        return target
    own = strides_of(target, own_room)
    for i in range(source.shape.ndim):
        if i < extra or (shape.dim[i - extra] == 1 and source.shape.dim[i] != 1):
            target_strides[i] = 0
        else:
            target_strides[i] = own[i - extra]
    add_into(kernel_type(type), source.shape.ndim, source.shape.dim, target.data, target_strides, source.data,
             strides_of(source, source_room))
    return target


# ---- nodes

cdef double quiet_nan = float("nan")
cdef Graph graph
cdef Table table
cdef Op[512] ops
cdef Partial1[1024] point_dx
cdef Partial1[1024] point_dy

cdef enum:
    SPARE_CHUNKS = 96           # wholly unused chunks of 1 MB that are kept

cdef Chunk* chunks_with_spares = NULL
cdef int unused_chunks = 0


cdef void forget_chunk(Chunk* chunk) noexcept:
    global chunks_with_spares
    if chunk.previous != NULL:
        chunk.previous.next = chunk.next
    else:
        chunks_with_spares = chunk.next
    if chunk.next != NULL:
        chunk.next.previous = chunk.previous


cdef void offer_chunk(Chunk* chunk) noexcept:
    global chunks_with_spares
    chunk.previous, chunk.next = NULL, chunks_with_spares
    if chunks_with_spares != NULL:
        chunks_with_spares.previous = chunk
    chunks_with_spares = chunk


cdef int new_chunk() except -1:
    global unused_chunks
    cdef char* memory = <char*>aligned_alloc(SLAB_BYTES, CHUNK_SLABS * SLAB_BYTES) if allowed() else NULL
    cdef Chunk* chunk = <Chunk*>malloc(sizeof(Chunk))
    cdef Slab* slab
    cdef int i
    if memory == NULL or chunk == NULL:
        free(memory)
        free(chunk)
        raise MemoryError("autodiff could not allocate memory for the nodes of the graph")
    chunk.spare, chunk.first_spare = CHUNK_SLABS, NULL
    # In order of address: the first graph of a fresh chunk touches its pages one after the other.
    for i in range(CHUNK_SLABS - 1, -1, -1):
        slab = <Slab*>(memory + i * SLAB_BYTES)
        slab.chunk = chunk
        slab.next_spare = chunk.first_spare
        chunk.first_spare = slab
    unused_chunks += 1
    offer_chunk(chunk)
    return 0


cdef Slab* open_slab(uint64_t number) except NULL:
    global unused_chunks
    cdef Chunk* chunk
    cdef Slab* slab
    if chunks_with_spares == NULL:
        new_chunk()
    chunk = chunks_with_spares
    slab = chunk.first_spare
    chunk.first_spare = slab.next_spare
    if chunk.spare == CHUNK_SLABS:
        unused_chunks -= 1
    chunk.spare -= 1
    if chunk.spare == 0:
        forget_chunk(chunk)
    slab.number = number
    slab.used = slab.live = 0
    slab.block = NULL
    return slab


cdef void close_slab(Slab* slab) noexcept:
    """An empty slab waits to be used again, with a new place in the order."""
    global unused_chunks
    cdef Chunk* chunk = slab.chunk
    cdef Slab* first
    slab.next_spare = chunk.first_spare
    chunk.first_spare = slab
    if chunk.spare == 0:
        offer_chunk(chunk)
    chunk.spare += 1
    if chunk.spare == CHUNK_SLABS:
        unused_chunks += 1
        if unused_chunks > SPARE_CHUNKS:
            unused_chunks -= 1
            forget_chunk(chunk)
            first = chunk.first_spare
            # aligned_alloc returned the slab of the lowest address
            slab = first
            while slab != NULL:
                if slab < first:
                    first = slab
                slab = slab.next_spare
            free(first)
            free(chunk)


cdef inline void let_go(Slab* slab) noexcept:
    """One node less, or a closed block; an empty slab is recycled whole."""
    slab.live -= 1
    if slab.live == 0 and slab.number:
        if slab == graph.newest:    # nothing is newer: it can start again where it stands
            slab.used = 0
        else:
            close_slab(slab)


cdef Node* next_node() except NULL:
    """The slot is taken last, when every operand is resolved: so creation order is a topological order."""
    cdef Slab* slab = graph.newest
    cdef Slab* full = slab
    cdef Node* node
    if slab == NULL or slab.used == SLAB_NODES:
        slab = open_slab(graph.slabs_opened + 1)
        graph.slabs_opened += 1
        graph.newest = slab
        if full != NULL and full.live == 0:
            close_slab(full)
    node = &slab.node[slab.used]
    permit(node, sizeof(Node))
    slab.used += 1
    slab.live += 1
    return node


cdef Node* record(int op, int flags, double out, Node* left, double x, Node* right, double y) except NULL:
    """A node of an op on scalars.  The operands are finished nodes: the new one is newer than all it refers to."""
    cdef Node* node = next_node()
    node.left, node.right, node.x.value, node.y.value, node.out.value = left, right, x, y, out
    node.op, node.flags, node.owners = <uint16_t>op, <uint16_t>(flags | OUT_SCALAR), 1
    if left != NULL:
        left.owners += 1
    if right != NULL:
        right.owners += 1
    if graph.anomaly:
        return traced(node)
    return node


cdef Node* record_payload(int op, int flags, Payload* payload, Node* left, Node* right) except NULL:
    """A node of an op on arrays, or of a custom op.  Takes the payload, also when it fails."""
    cdef Node* node
    cdef int i
    if graph.newest != NULL and graph.newest.used < SLAB_NODES:
        node = next_node()      # cannot fail, and a `try` costs 25 instructions
    else:
        try:
            node = next_node()
        except MemoryError:
            release_payload(payload)
            raise
    node.left, node.right, node.x.payload, node.y.value, node.out.value = left, right, payload, 0, 0
    if payload.shape.ndim == 0 and kernel_type(payload.type) >= 0:
        flags |= OUT_SCALAR
        if payload.type == NPY_FLOAT:
            flags |= FLOAT32
    node.op, node.flags, node.owners = <uint16_t>op, <uint16_t>(flags | PAYLOAD), 1
    if left != NULL:
        left.owners += 1
    if right != NULL:
        right.owners += 1
    for i in range(payload.edges):
        if payload.edge[i] != NULL:
            payload.edge[i].owners += 1
    if flags & PYTHON:
        graph.hooks += 1
    if graph.anomaly:
        return traced(node)
    return node


cdef Node* record_read(int op, int type, Node* left, intp position, Storage* watched) except NULL:
    """A node of one element read out of left's result, without a payload: 100,000 of them take 5 MB and not 30.

    Scalar ops hold copies of the element: watched is the storage whose later writes they must notice.  The storage keeps
    its struct for the node, and not its elements, which PyTorch does not keep either.
    """
    cdef Node* node = next_node()
    node.left, node.right, node.x.storage = left, NULL, watched
    node.y.place.position, node.y.place.version = <uint32_t>position, 0
    node.op, node.owners = <uint16_t>op, 1
    node.flags = ARRAY | OUT_SCALAR | (FLOAT32 if type == NPY_FLOAT else 0)
    left.owners += 1
    if watched != NULL:
        node.y.place.version = watched.version
        watched.watchers += 1
        watched.unchanged += 1
    return node


cdef Node* record_write(int op, int type, Shape* shape, Node* left, intp position, Node* right) except NULL:
    """A node of left's result with one element replaced by right's, without a payload; either may be NULL."""
    cdef Node* node = next_node()
    node.left, node.right, node.x.shape = left, right, shape
    node.y.place.position, node.y.place.version = <uint32_t>position, 0
    node.op, node.owners = <uint16_t>op, 1
    node.flags = ARRAY | (FLOAT32 if type == NPY_FLOAT else 0)
    shape.owners += 1
    if left != NULL:
        left.owners += 1
    if right != NULL:
        right.owners += 1
    return node


cdef bint watches(Node* node, Storage* storage) noexcept:
    """Whether a write to the storage, whose element the node stands for, would be noticed by ops that copied it."""
    if is_element(node):
        return node.x.storage == storage and node.y.place.version == storage.version
    return node.flags & PAYLOAD and node.x.payload.beside.watched == storage and node.x.payload.version == storage.version


cdef Node* traced(Node* node) except NULL:
    """Anomaly mode: the node remembers the place in the user's source."""
    try:
        table.created(node)
    except BaseException:
        disown(node)
        raise
    return node


cdef Node* new_leaf(void* variable, int flags, Payload* payload) except NULL:
    """Leaves live in slabs of their own, numbered 0, holes refilled.  payload NULL: a 0-d float.  Takes the payload."""
    cdef Node* node = graph.spare_leaf
    if node != NULL:
        graph.spare_leaf = node.left
    else:
        if graph.leaves == NULL or graph.leaves.used == SLAB_NODES:
            try:
                graph.leaves = open_slab(0)
            except MemoryError:
                if payload != NULL:
                    release_payload(payload)
                raise
        node = &graph.leaves.node[graph.leaves.used]
        permit(node, sizeof(Node))      # the slab may have held nodes of ops before
        graph.leaves.used += 1
    node.left = node.right = NULL
    node.x.payload = payload
    node.y.variable = variable
    node.out.value = 0
    node.op, node.owners = 0, 1
    flags |= LEAF
    if payload == NULL:
        flags |= OUT_SCALAR
    else:
        flags |= PAYLOAD
        if payload.shape.ndim == 0 and kernel_type(payload.type) >= 0:
            flags |= OUT_SCALAR
            if payload.type == NPY_FLOAT:
                flags |= FLOAT32
    node.flags = <uint16_t>flags
    return node


cdef Payload* new_payload(int type, Shape* shape) except NULL:
    cdef Payload* payload = <Payload*>take(&spare_payloads, sizeof(Payload))
    memset(payload, 0, sizeof(Payload))
    shape.owners += 1
    payload.type, payload.shape = type, shape
    graph.nodes += 1
    return payload


cdef void release_saved(Saved* saved) noexcept:
    cdef Array* array = saved.array
    cdef PyObject* packed = saved.packed
    if saved.counted:
        array.saves -= 1
    saved.array, saved.packed = NULL, NULL
    saved.state, saved.counted = NOTHING, False
    release_array(array)
    if packed != NULL:
        graph.hooks -= 1
        Py_DECREF(<object>packed)


cdef void release_payload(Payload* payload) noexcept:
    """Releases what it holds; Python objects may run code that comes back here, so the payload is given up last."""
    cdef PyObject* params = payload.params
    cdef PyObject* extras = payload.extras
    cdef PyObject* shapes = NULL
    payload.params = payload.extras = NULL
    if payload.x.state != NOTHING:
        release_saved(&payload.x)
    if payload.y.state != NOTHING:
        release_saved(&payload.y)
    if payload.out.state != NOTHING:
        release_saved(&payload.out)
    release_shape(payload.shape)
    if payload.edges:
        shapes = payload.beside.shapes
    else:
        unwatch(payload.beside.watched, payload.version)
    if payload.edge != NULL:
        free(payload.edge)
    graph.nodes -= 1
    give(&spare_payloads, payload)
    Py_XDECREF(params)
    Py_XDECREF(extras)
    Py_XDECREF(shapes)


cdef Payload* promote(Node* node) except NULL:
    """A place for hooks and metadata on a node that has none: the operand's value moves into a payload."""
    cdef Payload* payload
    if node.flags & PAYLOAD:
        return node.x.payload
    if node.flags & ARRAY:
        return promote_element(node)
    payload = new_payload(node_type(node), scalar_shape)
    payload.x.value = node.x.value
    payload.x.state = NUMBER
    if node.flags & LEAF:
        payload.x.state = NOTHING
    node.x.payload = payload
    node.flags |= PAYLOAD
    return payload


cdef Payload* promote_element(Node* node) except NULL:
    """An element node becomes the node that a longer way of recording it would have made."""
    cdef PyObject* params = table.place(node)
    cdef Payload* payload
    if node.flags & PAYLOAD:
        Py_DECREF(<object>params)
        return node.x.payload
    try:
        payload = new_payload(node_type(node), node_shape(node))
    except MemoryError:
        Py_DECREF(<object>params)
        raise
    payload.params = params
    if node.flags & OUT_SCALAR:
        payload.beside.watched, payload.version = node.x.storage, node.y.place.version
    else:
        release_shape(node.x.shape)
    node.x.payload = payload
    node.y.value = 0
    node.flags |= PAYLOAD
    return payload


cdef int node_type(Node* node) noexcept:
    if node.flags & PAYLOAD:
        return node.x.payload.type
    return NPY_FLOAT if node.flags & FLOAT32 else NPY_DOUBLE


cdef Shape* node_shape(Node* node) noexcept:
    if node.flags & PAYLOAD:
        return node.x.payload.shape
    return node.x.shape if node.flags & (ARRAY | OUT_SCALAR) == ARRAY else scalar_shape


cdef double node_x(Node* node) noexcept:
    return node.x.payload.x.value if node.flags & PAYLOAD else node.x.value


cdef Node* current_leaf(Node* leaf) noexcept:
    """A 0-d leaf written in place while a graph held it has a newer node, which its gradient goes to."""
    while leaf.left != NULL:
        leaf = leaf.left
    return leaf


cdef void mark_modified(Node* node) noexcept:
    """Others may hold its 0-d value, which is about to be overwritten."""
    if node != NULL and not node.flags & MODIFIED:
        node.flags |= MODIFIED
        graph.modified += 1
        if graph.anomaly:
            table.wrote(node, 0)


cdef class NodeExtras:
    """Hooks and metadata of a node."""

    def __dealloc__(self):
        graph.hooks -= self.counted
        graph.leaf_hooks -= self.leaf_hooks


# ---- release: never recursive, allocates nothing

cdef void release_node(Node* node) noexcept:
    cdef Payload* payload = NULL
    cdef Node* operand
    cdef int i
    if node.flags & MODIFIED:
        graph.modified -= 1
    if node.flags & (PYTHON | PICK):
        table.custom_gone(node)
    if node.flags & PAYLOAD:
        payload = node.x.payload
        for i in range(payload.edges):
            operand = payload.edge[i]
            if operand != NULL:
                operand.owners -= 1
                if operand.owners == 0:
                    operand.out.next_dead = graph.dead
                    graph.dead = operand
    elif node.flags & ARRAY:
        if node.flags & OUT_SCALAR:
            unwatch(node.x.storage, node.y.place.version)
        else:
            release_shape(node.x.shape)
    if node.flags & PYTHON:
        graph.hooks -= 1
    operand = node.right
    if operand != NULL:
        operand.owners -= 1
        if operand.owners == 0:
            operand.out.next_dead = graph.dead
            graph.dead = operand
    operand = node.left
    if operand != NULL:
        operand.owners -= 1
        if operand.owners == 0:
            operand.out.next_dead = graph.dead
            graph.dead = operand
    operand = graph.dead
    if operand != NULL and operand.flags & PAYLOAD:
        prefetch(operand.x.payload)         # released next
        prefetch(<char*>operand.x.payload + 64)
        prefetch(<char*>operand.x.payload + 128)
    if node.flags & LEAF:
        node.flags = LEAF
        node.left = graph.spare_leaf
        graph.spare_leaf = node
    else:
        forbid(node, sizeof(Node))
        let_go(slab_of(node))
    if payload != NULL:
        release_payload(payload)


cdef void release_dead() noexcept:
    """Release the dead, chained through their own bytes; code that a payload's release runs only adds to the chain."""
    cdef Node* node
    graph.releasing = True
    while graph.dead != NULL:
        node = graph.dead
        graph.dead = node.out.next_dead
        release_node(node)
    graph.releasing = False


# ---- saved values

cdef int raise_freed() except -1:
    raise RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have already "
        "been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). "
        "Specify retain_graph=True if you need to backward through the graph a second time or if you need to access "
        "saved tensors after calling backward.")


cdef int saved_array(Node* node, Saved* saved, Array** array) except -1:
    """The array behind a saved value, its version checked; borrowed."""
    if saved.state == SAVED:
        if saved.array.storage.version != saved.version:
            table.changed(node, source_of(node, saved), saved.array, saved.version)
        array[0] = saved.array
    else:
        array[0] = NULL
    return 0


cdef Node* source_of(Node* node, Saved* saved) noexcept:
    """The node of what was saved: of an operand, or that of the op itself; NULL: a constant, or one operand of many."""
    if saved == &node.x.payload.out:
        return node
    return node.left if saved == &node.x.payload.x else node.right if saved == &node.x.payload.y else NULL


cdef int check_modified(Node* node, int operand) except -1:
    """A 0-d operand whose value this op saved was written in place since."""
    cdef int saves = (ops[node.op].dx_saves if operand == 0 else ops[node.op].dy_saves)
    if node.flags & ops[node.op].copies or (node.flags & PAYLOAD and node.x.payload.snapshot):
        saves &= SAVES_OUT
    if saves & SAVES_X and node.left != NULL:
        if node.left.flags & MODIFIED:
            table.changed(node, node.left, NULL, 0)
        check_watched(node, node.left)
    if saves & SAVES_Y and node.right != NULL:
        if node.right.flags & MODIFIED:
            table.changed(node, node.right, NULL, 0)
        check_watched(node, node.right)
    if saves & SAVES_OUT and node.flags & MODIFIED:
        table.changed(node, node, NULL, 0)
    return 0


cdef int check_watched(Node* node, Node* source) except -1:
    """A scalar op that copied an element of an array: the array must not have been written since."""
    cdef Array element
    cdef uint32_t version
    if node.flags & ARRAY:
        return 0                # saved with a version of its own
    if is_element(source) and source.flags & OUT_SCALAR:
        element.storage, version = source.x.storage, source.y.place.version
    elif source.flags & PAYLOAD and not source.x.payload.edges:
        element.storage, version = source.x.payload.beside.watched, source.x.payload.version
    else:
        return 0
    if element.storage != NULL and element.storage.version != version:
        element.type, element.shape = node_type(source), scalar_shape
        table.changed(node, source, &element, version)
    return 0


# ---- the pass: a table of cotangents by slab

cdef Pass* spare_pass = NULL

cdef enum:
    SPARE_BLOCKS = 4            # kept by a pass for the next: one for the nodes and one for the leaves of a small graph


cdef Pass* begin_pass(bint retain, bint recorded) except NULL:
    """Passes have tables of their own, so that they may nest and run side by side."""
    global spare_pass
    cdef Pass* walk = spare_pass
    if walk != NULL:
        spare_pass = walk.next_spare
    else:
        walk = <Pass*>allocate(sizeof(Pass))
        memset(walk, 0, sizeof(Pass))
    walk.retain, walk.recorded = retain, recorded
    walk.marked = walk.counted = walk.anomaly = walk.others = walk.unusual = walk.bare = False
    walk.special = recorded
    walk.closing = False
    walk.current = NULL
    walk.captures = walk.level = NULL
    walk.batch = 0
    walk.heap_size = walk.order_size = 0
    if graph.leaf_hooks and not recorded:
        walk.counted = True
    return walk


cdef void unlink_block(Block* block) noexcept:
    cdef Block** place = &block.slab.block
    while place[0] != block:
        place = &place[0].next
    place[0] = block.next


cdef void close_block(Pass* walk, Block* block) noexcept:
    """The block holds no cotangent any more."""
    cdef Slab* slab = block.slab
    unlink_block(block)
    if block.marks != NULL:
        free(block.marks)
        block.marks = NULL
    if walk.spare_count < SPARE_BLOCKS:
        block.next, walk.spare_block = walk.spare_block, block
        walk.spare_count += 1
    else:
        free(block)
    let_go(slab)


cdef void empty_block(Pass* walk, Block* block) noexcept:
    cdef Cotangent g
    cdef intp i
    if block.groups:
        for i in range(SLAB_NODES):
            if block.cotangent[i].bits != UNTOUCHED:
                g = block.cotangent[i]
                block.cotangent[i].bits = UNTOUCHED
                release_cotangent(walk, &block.slab.node[i], g)
        block.groups = 0


cdef void end_pass(Pass* walk) noexcept:
    """Also after a failure: cotangents that were not passed on are released, nothing else is touched."""
    global spare_pass
    cdef Block* block
    cdef intp k
    cdef PyObject* captures = walk.captures
    walk.captures = NULL
    if walk.marked:
        while walk.open != NULL:
            block = walk.open
            walk.open = block.next_open
            empty_block(walk, block)
            close_block(walk, block)
    else:
        for k in range(walk.heap_size):
            block = find_block(walk, walk.heap[k])
            empty_block(walk, block)
            close_block(walk, block)
    for k in range(walk.late_size):
        release_cotangent(walk, walk.late[k].leaf, walk.late[k].g)
        disown(walk.late[k].leaf)
    walk.heap_size = walk.order_size = walk.late_size = 0
    if walk.batch:
        walk.batch = 0
        release_shape(walk.rows)
    walk.next_spare = spare_pass
    spare_pass = walk
    Py_XDECREF(captures)
    if graph.dead != NULL and not graph.releasing:
        release_dead()


cdef Block* find_block(Pass* walk, Slab* slab) noexcept:
    cdef Block* block = slab.block
    while block != NULL and block.owner != walk:
        block = block.next
    return block


cdef int push(Pass* walk, Slab* slab) except -1:
    """Onto the heap of touched slabs, newest on top."""
    cdef intp i, parent, room
    cdef Slab** heap
    if walk.heap_size == walk.heap_room:
        room = 2 * walk.heap_room + 64
        heap = <Slab**>realloc(walk.heap, room * sizeof(Slab*)) if allowed() else NULL
        if heap == NULL:
            raise MemoryError("autodiff could not allocate memory for a reverse pass")
        walk.heap, walk.heap_room = heap, room
    i = walk.heap_size
    walk.heap_size += 1
    while i:
        parent = (i - 1) >> 1
        if walk.heap[parent].number >= slab.number:
            break
        walk.heap[i] = walk.heap[parent]
        i = parent
    walk.heap[i] = slab
    return 0


cdef Slab* pop(Pass* walk) noexcept:
    cdef Slab* top = walk.heap[0]
    cdef Slab* last
    cdef intp i = 0, child
    walk.heap_size -= 1
    last = walk.heap[walk.heap_size]
    while True:
        child = 2 * i + 1
        if child >= walk.heap_size:
            break
        if child + 1 < walk.heap_size and walk.heap[child + 1].number > walk.heap[child].number:
            child += 1
        if walk.heap[child].number <= last.number:
            break
        walk.heap[i] = walk.heap[child]
        i = child
    walk.heap[i] = last
    return top


cdef Block* open_block(Pass* walk, Slab* slab) except NULL:
    """An open block pins its slab: a hook's `del` must not recycle it under the walk."""
    cdef Block* block = find_block(walk, slab)
    cdef int i
    if block != NULL:
        return block
    block = walk.spare_block
    if block != NULL:
        walk.spare_block = block.next
        walk.spare_count -= 1
    else:
        block = <Block*>allocate(sizeof(Block))
        block.marks = NULL
        block.groups = 0
        for i in range(SLAB_NODES):
            block.cotangent[i].bits = UNTOUCHED
    try:
        push(walk, slab)
    except MemoryError:
        free(block)
        raise
    block.owner, block.slab = walk, slab
    if walk.marked:
        block.next_open, walk.open = walk.open, block
    block.next = slab.block
    slab.block = block
    slab.live += 1
    return block


cdef inline Block* block_of(Pass* walk, Slab* slab) except NULL:
    cdef Block* block = slab.block
    if block == NULL or block.owner != walk:
        return open_block(walk, slab)
    return block


cdef inline bint marked(const uint64_t* bits, intp i) noexcept:
    return (bits[i // WORD] >> (i % WORD)) & 1


cdef inline void set_mark(uint64_t* bits, intp i) noexcept:
    bits[i // WORD] |= <uint64_t>1 << (i % WORD)


cdef bint wanted(Pass* walk, Node* node) noexcept:
    """Whether this pass has a use for the cotangent of a node: all, unless inputs= marked the way to some."""
    cdef Block* block
    if node == NULL:
        return False
    if not walk.marked:
        return True
    block = find_block(walk, slab_of(node))
    return block != NULL and marked(block.marks.needed, node - &block.slab.node[0])


cdef Cotangent* slot(Pass* walk, Node* node) except NULL:
    """The place of a node's cotangent, its group touched."""
    cdef Slab* slab = slab_of(node)
    cdef Block* block = block_of(walk, slab)
    cdef intp i = node - &slab.node[0]
    block.groups |= <uint32_t>1 << (i // GROUP)
    return &block.cotangent[i]


cdef int accumulate_value(Pass* walk, Node* node, double value) except -1:
    """Add to the cotangent of a node whose result is a 0-d float."""
    cdef Cotangent* place
    if walk.special and not wanted(walk, node):
        return 0
    place = slot(walk, node)
    if value != value:
        value = quiet_nan       # an element of an array may have the bits of UNTOUCHED
    if node.flags & FLOAT32:
        value = <float>value
    if place.bits == UNTOUCHED or place.bits == UNDEFINED:
        place.value = value
    elif node.flags & FLOAT32:
        place.value = <float>(place.value + value)
    else:
        place.value += value
    return 0


cdef int accumulate_array(Pass* walk, Node* node, Array* array) except -1:
    """Add an array to the cotangent of a node, summed to its shape and cast to its dtype.  Takes the array, always."""
    cdef Cotangent* place
    cdef Array* fresh
    cdef Shape* shape = node_shape(node)
    cdef int type = node_type(node)
    try:
        if walk.special and not wanted(walk, node):
            return 0
        if node.flags & OUT_SCALAR:
            return accumulate_value(walk, node, total(array))
        if array.type != type or not same_shape(array.shape, shape):
            fresh = reduce_array(array, type, shape)
            release_array(array)
            array = fresh
        place = slot(walk, node)
        if place.bits == UNTOUCHED or place.bits == UNDEFINED:
            place.array = array
            array = NULL
        else:
            make_own(place)
            add_array(place.array, array)
    finally:
        release_array(array)
    return 0


cdef double total(Array* array) except? -1e300:
    """The sum of all elements, as the cotangent of a 0-d operand."""
    cdef intp[MAX_DIMS] room
    cdef Array* reduced
    cdef int dtype = kernel_type(array.type)
    cdef double value
    if dtype >= 0 and array.shape.size == 1:
        return read_double(array.type, array.data)      # -0.0, too, of which the sum is 0.0
    if dtype >= 0:
        return sum_all(dtype, array.shape.ndim, array.shape.dim, array.data, strides_of(array, room))
    reduced = reduce_array(array, NPY_DOUBLE, scalar_shape)
    value = (<double*>reduced.data)[0]
    release_array(reduced)
    return value


cdef int make_own(Cotangent* place) except -1:
    """Before the cotangent is written to: nobody else may see it, and no two elements may be one."""
    cdef Array* array = place.array
    if not sole_owner(array) or array.strides != NULL:
        place.array = contiguous_copy(array)
        release_array(array)
    return 0


cdef Array* open_place(Pass* walk, Node* node) except NULL:
    """The cotangent of a node as an array to add into: zeros at first, contiguous, seen by nobody else; borrowed."""
    cdef Cotangent* place = slot(walk, node)
    if place.bits == UNTOUCHED or place.bits == UNDEFINED:
        place.array = zeros(node_type(node), node_shape(node))
    else:
        make_own(place)
    return place.array


cdef int accumulate_variable(Pass* walk, Node* node, PyObject* variable) except -1:
    """Add a Variable to the cotangent of a node, in a pass that records itself.  Takes the reference, always."""
    cdef Cotangent* place
    cdef PyObject* total = NULL
    cdef PyObject* fitted = NULL
    try:
        if walk.special and not wanted(walk, node):
            return 0
        fitted = table.fit(node, variable)
        place = slot(walk, node)
        if place.bits != UNTOUCHED and place.bits != UNDEFINED:
            total = table.add(place.variable, fitted)
            place = slot(walk, node)
            Py_XDECREF(fitted)
            fitted = place.variable
            place.variable = total
        else:
            place.variable = fitted
            fitted = NULL
    finally:
        Py_XDECREF(fitted)
        Py_XDECREF(variable)
    return 0


cdef int accumulate_undefined(Pass* walk, Node* node) except -1:
    """The operand took part, with no gradient: not zero, and not untouched."""
    cdef Cotangent* place
    if walk.special and not wanted(walk, node):
        return 0
    place = slot(walk, node)
    if place.bits == UNTOUCHED:
        place.bits = UNDEFINED
    return 0


cdef int accumulate_pick(Pass* walk, Node* head, int position, Cotangent g) except -1:
    """Into the head's vector: an op with several outputs gets their cotangents together.  Takes g if it succeeds."""
    cdef Cotangent* place
    cdef Vector* vector
    cdef PyObject* total
    cdef int i, size
    place = slot(walk, head)
    if place.bits == UNTOUCHED:
        size = <int>head.y.value
        vector = <Vector*>allocate(sizeof(Vector) + size * sizeof(Cotangent))
        vector.size = size
        for i in range(size):
            vector.cotangent[i].bits = UNTOUCHED
        place.vector = vector
    if g.bits == UNDEFINED and place.vector.cotangent[position].bits != UNTOUCHED:
        return 0
    if place.vector.cotangent[position].bits not in (UNTOUCHED, UNDEFINED):     # a saved output was given a pick of its own
        total = table.add(place.vector.cotangent[position].variable, g.variable)
        Py_DECREF(<object>g.variable)
        g.variable = total
        place = slot(walk, head)
        Py_DECREF(<object>place.vector.cotangent[position].variable)
    place.vector.cotangent[position] = g
    return 0


cdef void release_cotangent(Pass* walk, Node* node, Cotangent g) noexcept:
    cdef int i
    if g.bits == UNTOUCHED or g.bits == UNDEFINED:
        return
    if node.flags & HEAD:
        # entries are scalars, arrays or Variables; which ones stands with the pick nodes, so the vector says it itself
        for i in range(g.vector.size):
            if g.vector.cotangent[i].bits != UNTOUCHED and g.vector.cotangent[i].bits != UNDEFINED:
                Py_XDECREF(g.vector.cotangent[i].variable)
        free(g.vector)
    elif walk.recorded:
        Py_XDECREF(g.variable)
    elif walk.batch or not node.flags & OUT_SCALAR:
        release_array(g.array)


cdef int seed(Pass* walk, Node* node, Cotangent g) except -1:
    """Put the cotangent of a root in its place.  Takes g."""
    if walk.recorded:
        return accumulate_variable(walk, node, g.variable)
    if walk.batch:
        return table.accumulate_batch(walk, node, g.array)
    if node.flags & OUT_SCALAR:
        return accumulate_value(walk, node, g.value)
    return accumulate_array(walk, node, g.array)


# ---- marks: which nodes lead to the inputs

cdef Marks* marks_of(Pass* walk, Slab* slab) except NULL:
    cdef Block* block = block_of(walk, slab)
    if block.marks == NULL:
        block.marks = <Marks*>allocate(sizeof(Marks))
        memset(block.marks, 0, sizeof(Marks))
    return block.marks


cdef int reach(Pass* walk, Node* node) except -1:
    cdef Slab* slab
    cdef Block* block
    cdef Marks* marks
    cdef intp i
    if node == NULL:
        return 0
    slab = slab_of(node)
    marks = marks_of(walk, slab)
    i = node - &slab.node[0]
    set_mark(marks.reachable, i)
    marks.pending[i] += 1
    block = find_block(walk, slab)
    block.groups |= <uint32_t>1 << (i // GROUP)
    return 0


cdef bint needed(Pass* walk, Node* node) noexcept:
    cdef Block* block
    if node == NULL:
        return False
    block = find_block(walk, slab_of(node))
    return marked(block.marks.needed, node - &block.slab.node[0])


cdef int mark(Pass* walk, list roots, list inputs) except -1:
    """Mark what the roots reach, going down, and what leads to an input, going up.  Both are linear.

    roots and inputs are addresses of nodes.  With inputs None every reachable node is needed: the pass only counts
    the edges into leaves, so that a leaf's hooks run as soon as its gradient is complete.
    """
    cdef Slab* slab
    cdef Block* block
    cdef Node* node
    cdef Marks* marks
    cdef Slab** order
    cdef intp i, k, room
    cdef bint is_needed
    cdef int e
    cdef Node* target
    cdef Slab* target_slab
    walk.marked = walk.special = True
    for root in roots:
        reach(walk, <Node*><uintptr_t>root)
    if inputs is not None:
        for root in inputs:
            # An input that nothing reaches gets a block too, so that the walk can ask for its marks.
            node = <Node*><uintptr_t>root
            slab = slab_of(node)
            marks = marks_of(walk, slab)
            set_mark(marks.captured, node - &slab.node[0])
    while walk.heap_size:
        slab = pop(walk)
        if walk.order_size == walk.order_room:
            room = 2 * walk.order_room + 64
            order = <Slab**>realloc(walk.order, room * sizeof(Slab*)) if allowed() else NULL
            if order == NULL:
                push(walk, slab)
                raise MemoryError("autodiff could not allocate memory for a reverse pass")
            walk.order, walk.order_room = order, room
        walk.order[walk.order_size] = slab
        walk.order_size += 1
        block = find_block(walk, slab)
        marks = marks_of(walk, slab)
        for i in range(slab.used - 1, -1, -1):
            if not marked(marks.reachable, i):
                continue
            node = &slab.node[i]
            if node.flags & (HOOKED | HEAD | PICK | PYTHON):
                walk.unusual = True
            if node.flags & LEAF:
                if node.left != NULL:
                    reach(walk, current_leaf(node))
                elif node.y.variable != NULL and not marked(marks.captured, i):
                    walk.others = True      # one that is gone was another transform's, or nobody can ask for its gradient
                continue
            reach(walk, node.left)
            reach(walk, node.right)
            if node.flags & PAYLOAD:
                for e in range(node.x.payload.edges):
                    reach(walk, node.x.payload.edge[e])
        block.groups = 0
    for k in range(walk.order_size - 1, -1, -1):
        slab = walk.order[k]
        marks = find_block(walk, slab).marks
        for i in range(slab.used):
            if not marked(marks.reachable, i):
                continue
            node = &slab.node[i]
            is_needed = inputs is None or marked(marks.captured, i)
            if not is_needed and node.flags & LEAF and node.left != NULL:
                target = current_leaf(node)
                target_slab = slab_of(target)
                is_needed = marked(find_block(walk, target_slab).marks.captured, target - &target_slab.node[0])
            if not is_needed and not node.flags & LEAF:
                is_needed = needed(walk, node.left) or needed(walk, node.right)
                if not is_needed and node.flags & PAYLOAD:
                    for e in range(node.x.payload.edges):
                        if needed(walk, node.x.payload.edge[e]):
                            is_needed = True
                            break
            if is_needed:
                set_mark(marks.needed, i)
    # The blocks stay open, off the heap, until a deposit touches them: slabs are pushed anew.
    for k in range(walk.order_size):
        push(walk, walk.order[k])
    return 0


# ---- the walk

cdef enum:
    LEAVES_AHEAD = 12           # Variables of 100,000 leaves lie beyond the caches


cdef int run_pass(Pass* walk) except -1:
    """Newest first, touched slab by touched slab, touched group by touched group."""
    cdef Slab* slab
    cdef Block* block
    cdef Block* operand_block
    cdef Slab* operand_slab
    cdef Node* node
    cdef Node* operand
    cdef Cotangent* place
    cdef Cotangent leaf_value
    cdef intp group, i, k, slabs = 0
    cdef double g, value
    cdef bint special = walk.special
    cdef bint retain = walk.retain
    while walk.heap_size:
        slab = walk.heap[0]     # stays on the heap, so that a failure finds what is left in it
        block = find_block(walk, slab)
        slabs += 1
        if not slabs & 255:
            PyErr_CheckSignals()
        while block.groups:
            group = highest_bit(block.groups)
            i = min((group + 1) * GROUP, SLAB_NODES) - 1
            while i >= group * GROUP:
                if block.cotangent[i].bits == UNTOUCHED:
                    i -= 1
                    continue
                node = &slab.node[i]
                if node.flags & (LEAF | PAYLOAD | OUT_SCALAR) == LEAF | OUT_SCALAR and not special and node.left == NULL:
                    # a 0-d leaf with nothing on it, by hand: run_node costs several times as much
                    if i >= LEAVES_AHEAD:
                        prefetch(node[-LEAVES_AHEAD].y.variable)    # of a leaf, alive or not
                    leaf_value = block.cotangent[i]
                    block.cotangent[i].bits = UNTOUCHED
                    if leaf_value.bits != UNDEFINED:
                        table.accumulate(node, leaf_value, False)
                    i -= 1
                    continue
                if special or node.flags & SPECIAL or block.cotangent[i].bits == UNDEFINED or (
                        graph.modified and node.flags & SAVES):
                    if is_element(node) and not special and block.cotangent[i].bits != UNDEFINED:
                        run_element(walk, block, i, node)
                    else:
                        run_node(walk, block, i, node)
                    i -= 1
                    continue
                g = block.cotangent[i].value
                block.cotangent[i].bits = UNTOUCHED
                if not retain:
                    node.flags |= (node.flags & SAVES) << 1
                k = node.op
                if node.flags & FLOAT32:
                    k += MAX_NODE_OPS
                value = node_x(node)
                operand = node.left
                if operand != NULL:
                    if operand.flags & (OUT_SCALAR | FLOAT32) == OUT_SCALAR:
                        # accumulate_value, by hand: a call costs as much as the rest
                        operand_slab = slab_of(operand)
                        operand_block = operand_slab.block
                        if operand_block == NULL or operand_block.owner != walk:
                            operand_block = open_block(walk, operand_slab)
                        place = &operand_block.cotangent[operand - &operand_slab.node[0]]
                        if place.bits == UNTOUCHED or place.bits == UNDEFINED:
                            place.value = point_dx[k](g, value, node.y.value, node.out.value)
                            operand_block.groups |= <uint32_t>1 << ((operand - &operand_slab.node[0]) // GROUP)
                        else:
                            place.value += point_dx[k](g, value, node.y.value, node.out.value)
                    else:
                        accumulate_value(walk, operand, point_dx[k](g, value, node.y.value, node.out.value))
                operand = node.right
                if operand != NULL:
                    if operand.flags & (OUT_SCALAR | FLOAT32) == OUT_SCALAR:
                        operand_slab = slab_of(operand)
                        operand_block = operand_slab.block
                        if operand_block == NULL or operand_block.owner != walk:
                            operand_block = open_block(walk, operand_slab)
                        place = &operand_block.cotangent[operand - &operand_slab.node[0]]
                        if place.bits == UNTOUCHED or place.bits == UNDEFINED:
                            place.value = point_dy[k](g, value, node.y.value, node.out.value)
                            operand_block.groups |= <uint32_t>1 << ((operand - &operand_slab.node[0]) // GROUP)
                        else:
                            place.value += point_dy[k](g, value, node.y.value, node.out.value)
                    else:
                        accumulate_value(walk, operand, point_dy[k](g, value, node.y.value, node.out.value))
                i -= 1
            block.groups &= ~(<uint32_t>1 << group)
        pop(walk)
        if not walk.marked:
            close_block(walk, block)
    if walk.late_size:
        walk.closing = True
        while walk.late_size:
            walk.late_size -= 1
            node = walk.late[walk.late_size].leaf
            try:
                seed(walk, node, walk.late[walk.late_size].g)
                if walk.marked:         # then the leaf's block stayed open, off the heap
                    push(walk, slab_of(node))
            finally:
                disown(node)
        return run_pass(walk)
    walk.current = NULL
    return 0


cdef int postpone(Pass* walk, Node* leaf, Cotangent g) except -1:
    """The gradient of a leaf with hooks comes in parts, one for each node that it had: its hooks see the sum.  Takes g.

    Clipping the parts of a gradient is not clipping the gradient.
    """
    cdef Late* late
    cdef intp room
    if walk.late_size == walk.late_room:
        room = 2 * walk.late_room + 4
        late = <Late*>realloc(walk.late, room * sizeof(Late)) if allowed() else NULL
        if late == NULL:
            release_cotangent(walk, leaf, g)
            raise MemoryError
        walk.late, walk.late_room = late, room
    walk.late[walk.late_size].leaf, walk.late[walk.late_size].g = hold(leaf), g
    walk.late_size += 1
    return 0


cdef int run_node(Pass* walk, Block* block, intp i, Node* node) except -1:
    """One node, with everything that may hang on it."""
    cdef Cotangent g = block.cotangent[i]
    cdef Marks* marks = block.marks
    cdef int operand, edges, last
    cdef PyObject* captured
    block.cotangent[i].bits = UNTOUCHED
    walk.current = node
    if (node.flags & (SPECIAL | PAYLOAD) == ARRAY | PAYLOAD and node.x.payload.edges == 0 and g.bits != UNDEFINED
            and not walk.special and not walk.counted):
        return run_plain(walk, node, g)
    # A leaf that is an input keeps its gradient, though a hook or a derivative took a view of it and so another took its place.
    if node.flags & LEAF and node.left != NULL and not (marks != NULL and marked(marks.captured, i) and walk.captures != NULL):
        return run_replaced(walk, node, g, marks != NULL and marked(marks.needed, i))
    cdef bint bare = walk.bare and marks != NULL and marked(marks.captured, i)
    if (node.flags & (LEAF | VARIANT | HOOKED) == LEAF | VARIANT | HOOKED and not walk.closing and g.bits != UNDEFINED
            and not bare):
        return postpone(walk, node, g)
    try:
        if node.flags & HOOKED and not node.flags & HEAD and not bare:
            run_hooks(walk, node, &g)
        if marks != NULL:
            if marked(marks.captured, i) and walk.captures != NULL:
                if g.bits != UNDEFINED:
                    if walk.recorded:
                        captured = g.variable
                        Py_INCREF(<object>captured)
                    else:
                        captured = table.wrap_batch(g.array) if walk.batch else table.wrap(node, g)
                    capture(walk, node, <object>captured)
                    Py_DECREF(<object>captured)
                if node.flags & LEAF or bare:
                    return 0
            if not leads_on(walk, node):
                # Captured alone, a node does not run; an input of backward() does, for the sake of its hooks, as in PyTorch.
                if walk.captures == NULL and node.flags & HOOKED and not node.flags & (HEAD | PICK):
                    run_prehooks(walk, node, &g)
                    if posthooks_of(node) is not None:
                        run_collected(walk, node, &g)
                return 0
        if node.flags & HOOKED:         # hooks see what is undefined, too, as None
            run_prehooks(walk, node, &g)
        if node.flags & LEAF:
            if g.bits != UNDEFINED:
                accumulate(walk, node, &g)
            elif node.flags & HOOKED:
                run_accumulated(node)
                if posthooks_of(node) is not None:
                    run_posthooks(walk, node, [], [None])
            return 0
        if node.flags & FREED and g.bits != UNDEFINED:
            raise_freed()
        if node.flags & PICK:
            return run_pick(walk, node, &g)
        edges = node.x.payload.edges if node.flags & PAYLOAD else 0
        if (walk.anomaly and g.bits != UNDEFINED) or posthooks_of(node) is not None:
            run_collected(walk, node, &g)
        elif node.flags & PYTHON:
            run_python(walk, node, &g)
        else:
            # From the last operand to the first, so that an in-place write hands on what it left of g at the end.
            last = -1
            for operand in range(1 + edges, -1, -1):
                if wanted(walk, edge(node, operand)):
                    last = operand
            for operand in range(1 + edges, -1, -1):
                if wanted(walk, edge(node, operand)):
                    if g.bits == UNDEFINED:
                        accumulate_undefined(walk, edge(node, operand))
                    else:
                        run_operand(walk, node, operand, &g, operand == last)
        if not walk.retain:
            free_saved(node)
        if walk.counted:
            settle_leaves(walk, node)
    finally:
        release_cotangent(walk, node, g)
    return 0


cdef int run_plain(Pass* walk, Node* node, Cotangent g) except -1:
    """A node of an op on one array or two with nothing on it: most nodes are, and run_node's questions cost a third more."""
    try:
        if node.right != NULL:
            run_operand(walk, node, 1, &g, node.left == NULL)
        if node.left != NULL:
            run_operand(walk, node, 0, &g, True)
        if not walk.retain:
            free_saved(node)
    finally:
        release_cotangent(walk, node, g)
    return 0


cdef int run_element(Pass* walk, Block* block, intp i, Node* node) except -1:
    """An element node in a pass without marks or records, where nothing hangs on it."""
    cdef Cotangent g = block.cotangent[i]
    block.cotangent[i].bits = UNTOUCHED
    if node.flags & OUT_SCALAR:
        return pass_element(walk, node, 0, &g, True)
    return run_plain(walk, node, g)


cdef int pass_element(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The cotangent of an element read is added where it was; of a write, it is taken out of that of the whole."""
    cdef Array* array
    cdef char* element
    cdef intp position = node.y.place.position
    if node.flags & OUT_SCALAR:
        array = open_place(walk, node.left)
        element = array.data + position * SIZES[array.type]
        write_double(array.type, element, read_double(array.type, element) + g.value)
        return 0
    array = g.array
    if operand == 1:
        return accumulate_value(walk, node.right, read_double(array.type, element_at(array, position)))
    if last and sole_owner(array) and array.strides == NULL:
        g.bits = UNDEFINED
    else:
        array = contiguous_copy(array)
    memset(array.data + position * SIZES[array.type], 0, SIZES[array.type])
    return accumulate_array(walk, node.left, array)


cdef char* element_at(Array* array, intp position) noexcept:
    """Where the element is that has this number in C order."""
    cdef char* data = array.data
    cdef int d
    if array.strides == NULL:
        return data + position * SIZES[array.type]
    for d in range(array.shape.ndim - 1, -1, -1):
        data += position % array.shape.dim[d] * array.strides[d]
        position //= array.shape.dim[d]
    return data


cdef int capture(Pass* walk, Node* node, object gradient) except -1:
    cdef dict captures = <dict>walk.captures
    cdef PyObject* total
    key = <uintptr_t>node
    before = captures.get(key)
    if before is not None:      # from a leaf and from what it was before an in-place write
        total = table.add(<PyObject*>before, <PyObject*>gradient)
        gradient = <object>total
        Py_DECREF(gradient)
    captures[key] = gradient
    return 0


cdef int run_replaced(Pass* walk, Node* node, Cotangent g, bint is_needed) except -1:
    """The gradient of a leaf that was written in place since: it goes to the leaf that took its place."""
    cdef Node* leaf = current_leaf(node)
    cdef Slab* slab = slab_of(leaf)
    cdef Block* block
    cdef Cotangent* place
    cdef Cotangent kept
    if g.bits == UNDEFINED:
        return 0
    try:
        if not same_shape(node_shape(node), node_shape(leaf)):
            raise RuntimeError("a leaf was given .data of another shape after it was used: got a gradient of shape "
                               f"{dims_of(node_shape(node))} but expected shape compatible with {dims_of(node_shape(leaf))}. "
                               "Compute the result again from the new data.")
        block = block_of(walk, slab)
        if is_needed:           # the leaf may be younger than the marks
            set_mark(marks_of(walk, slab).needed, leaf - &slab.node[0])
    except BaseException:
        release_cotangent(walk, node, g)
        raise
    if leaf.flags & HOOKED:
        return postpone(walk, leaf, g)
    place = &block.cotangent[leaf - &slab.node[0]]
    kept = place[0]
    place[0] = g
    try:
        run_node(walk, block, leaf - &slab.node[0], leaf)
    finally:
        place[0] = kept
    return 0


cdef bint leads_on(Pass* walk, Node* node) noexcept:
    """Whether some operand is wanted, or the node is a leaf that accumulates."""
    cdef int operand
    if node.flags & LEAF:
        return wanted(walk, node)
    for operand in range(2 + (node.x.payload.edges if node.flags & PAYLOAD else 0)):
        if wanted(walk, edge(node, operand)):
            return True
    return False


cdef int accumulate(Pass* walk, Node* leaf, Cotangent* g) except -1:
    cdef Cotangent taken = g[0]
    cdef list gs = None
    cdef bint first = False
    if leaf.flags & HOOKED and posthooks_of(leaf) is not None:
        first = not walk.recorded and leaf.y.variable != NULL and (<object>leaf.y.variable).grad is None
        if not first:
            gs = [given(walk, leaf, g)]     # what the hooks see is theirs: with it, nothing is stolen below
    g.bits = UNDEFINED
    table.accumulate(leaf, taken, walk.recorded)
    if first and leaf.y.variable != NULL:
        gs = [(<object>leaf.y.variable).grad]       # shared, as in PyTorch: hooks after accumulation may write into it
        if gs[0] is not None:
            gs[0] = gs[0].detach()
    if leaf.flags & HOOKED:
        run_accumulated(leaf)
        if gs is not None and posthooks_of(leaf) is not None:
            set_apart(walk, gs)
            run_posthooks(walk, leaf, [], gs)
    return 0


cdef int run_accumulated(Node* leaf) except -1:
    """Hooks after accumulation, with the leaf itself."""
    cdef NodeExtras extras
    if leaf.flags & HOOKED and leaf.y.variable != NULL and leaf.x.payload.extras != NULL:
        extras = <NodeExtras>leaf.x.payload.extras
        if extras.accumulated:
            variable = <object>leaf.y.variable
            for hook in list(extras.accumulated.values()):
                result = hook(variable)
                if result is not None:
                    check_variable(result)
                    raise RuntimeError("Tensor post accumulate grad hooks should return None.")
    return 0


cdef int settle_leaves(Pass* walk, Node* node) except -1:
    """Only when some leaf has a hook: a leaf whose last edge was passed runs at once, as PyTorch's do."""
    cdef int operand
    cdef Node* leaf
    cdef Block* block
    cdef intp i
    for operand in range(2 + (node.x.payload.edges if node.flags & PAYLOAD else 0)):
        leaf = edge(node, operand)
        if leaf == NULL or not leaf.flags & LEAF or not leaf.flags & HOOKED:
            continue            # leaves without a hook wait for the end, whatever other leaves of the process have
        block = find_block(walk, slab_of(leaf))
        if block == NULL or block.marks == NULL:
            continue
        i = leaf - &block.slab.node[0]
        block.marks.pending[i] -= 1
        if block.marks.pending[i] == 0 and block.cotangent[i].bits != UNTOUCHED:
            run_node(walk, block, i, leaf)
    return 0


cdef void free_saved(Node* node) noexcept:
    """What the op saved goes as the walk passes; edges stay, for a second pass through ops that saved nothing."""
    cdef Payload* payload
    if node.flags & PYTHON:
        table.free_custom(node)
    if node.flags & SAVES:
        node.flags |= FREED
        if node.flags & ARRAY:
            payload = node.x.payload
            if payload.x.state != NOTHING:
                release_saved(&payload.x)
            if payload.y.state != NOTHING:
                release_saved(&payload.y)
            if payload.out.state != NOTHING:
                release_saved(&payload.out)


cdef int run_hooks(Pass* walk, Node* node, Cotangent* g) except -1:
    """Hooks of the tensor in the order of registration, then retain_grad."""
    cdef NodeExtras extras
    if node.x.payload.extras == NULL:
        return 0
    extras = <NodeExtras>node.x.payload.extras
    if extras.hooks:
        call_hooks(walk, node, g, extras.hooks, False)
    if extras.retained is not None and g.bits != UNDEFINED:
        variable = extras.retained()
        if variable is not None:
            table.retain(node, variable, g[0], walk.recorded)
    return 0


cdef int run_prehooks(Pass* walk, Node* node, Cotangent* g) except -1:
    """Hooks of the node: after the gradient was captured, so that what they return is not."""
    cdef NodeExtras extras
    if node.x.payload.extras == NULL:
        return 0
    extras = <NodeExtras>node.x.payload.extras
    if extras.prehooks:
        if node.flags & HEAD:
            call_hooks_of_head(walk, node, g, extras.prehooks)
        else:
            call_hooks(walk, node, g, extras.prehooks, True)
    return 0


cdef int call_hooks_of_head(Pass* walk, Node* node, Cotangent* g, hooks) except -1:
    """Before an op with several results runs: a tuple with an entry for each of them, None where one took no part."""
    cdef list gs = cotangents(walk, node, g)
    cdef int i
    for i in range(len(gs)):
        if gs[i] is not None:
            Py_DECREF(gs[i])
            g.vector.cotangent[i].bits = UNDEFINED      # the list has it: the only reference, if nobody else has one
    for hook in list(hooks.values()):
        set_apart(walk, gs)
        result = hook(tuple(gs))
        if result is not None:
            gs = replaced(hook, result, gs)
    for i in range(len(gs)):
        if gs[i] is not None:
            Py_INCREF(gs[i])
            g.vector.cotangent[i].variable = <PyObject*>gs[i]
    return 0


cdef list replaced(object hook, object result, list former):
    """What a hook returned in the place of several gradients: as many, each None or of its former's shape."""
    cdef list results
    cdef int i
    if not isinstance(result, (tuple, list)) and not table.is_variable(<PyObject*>result):
        raise TypeError(f"expected tuple, but hook returned '{type(result).__name__}'")
    results = list(result) if isinstance(result, (tuple, list)) else [result]
    if len(results) != len(former):
        raise RuntimeError(f"hook '{_hook_name(hook)}' has returned an incorrect number of values (got {len(results)}, but "
                           f"expected {len(former)})")
    for i in range(len(results)):
        if results[i] is None:
            continue
        check_variable(results[i])
        if former[i] is None:
            raise RuntimeError("can't replace a None gradient with a non-None value")
        check_size(hook, tuple(former[i].shape), former[i], results[i])
    return results


cdef int call_hooks(Pass* walk, Node* node, Cotangent* g, hooks, bint of_node) except -1:
    """Each may write into its argument, which is a copy where somebody else holds the elements, or return another."""
    cdef object gradient = given(walk, node, g), result
    release_cotangent(walk, node, g[0])
    g.bits = UNDEFINED
    for hook in list(hooks.values()):
        if gradient is not None:
            gradient = own(walk, gradient)
        result = hook((gradient,)) if of_node else hook(gradient)
        if result is None:
            continue
        if of_node and isinstance(result, (tuple, list)):
            if len(result) != 1:
                raise RuntimeError(f"hook '{_hook_name(hook)}' has returned an incorrect number of values (got {len(result)}, "
                                   "but expected 1)")
            result = result[0]
            if result is None:
                gradient = None
                continue
        check_variable(result)
        if gradient is None:
            raise RuntimeError("can't replace a None gradient with a non-None value")
        check_size(hook, tuple(dims_of(node_shape(node))), gradient, result)
        gradient = result
    if gradient is None:
        return 0
    if walk.recorded:
        Py_INCREF(gradient)
        g.variable = <PyObject*>gradient
    else:
        table.unwrap(node, gradient, g)
    return 0


cdef object own(Pass* walk, object variable):
    """A Variable that a hook may write into.  The caller has the only reference if nobody else is to see the write."""
    cdef PyObject* result = table.own(<PyObject*>variable, walk.recorded)
    owned = <object>result      # another name: an argument that is assigned to gets a second reference
    Py_DECREF(owned)
    return owned


cdef int set_apart(Pass* walk, list variables) except -1:
    """... each of a list, None among them."""
    cdef intp i
    cdef object variable
    for i in range(len(variables)):
        variable, variables[i] = variables[i], None
        if variable is not None:
            variables[i] = own(walk, variable)
    return 0


cdef object given(Pass* walk, Node* node, Cotangent* g):
    """The cotangent as hooks see it; None where nothing has reached it."""
    cdef PyObject* wrapped
    if g.bits == UNDEFINED:
        return None
    if walk.recorded:
        return <object>g.variable
    wrapped = table.wrap(node, g[0])
    gradient = <object>wrapped
    Py_DECREF(gradient)
    return gradient


def _hook_name(hook):
    return getattr(hook, "__name__", type(hook).__name__)


cdef object type_name(object v):
    return v.type() if hasattr(v, "type") else v.dtype


cdef int check_variable(object result) except -1:
    if not table.is_variable(<PyObject*>result):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'; a hook returns the new "
                        "gradient or None")
    return 0


cdef int check_size(object hook, tuple shape, object former, object result) except -1:
    if former is not None and type(former) is type(result) and former.dtype != result.dtype:
        raise RuntimeError(f"hook '{_hook_name(hook)}' has changed the type of value (was {type_name(former)} got "
                           f"{type_name(result)})")
    if tuple(result.shape) != shape:
        raise RuntimeError(f"hook '{_hook_name(hook)}' has changed the size of value: it got shape {shape} and returned "
                           f"{tuple(result.shape)}")
    return 0


cdef int run_pick(Pass* walk, Node* node, Cotangent* g) except -1:
    """Hand the cotangent of one output to the head; entries of a vector are Variables, whatever the pass."""
    cdef Cotangent entry
    if g.bits == UNDEFINED:
        entry.bits = UNDEFINED
    elif walk.recorded:
        entry = g[0]
        g.bits = UNDEFINED
    else:
        entry.variable = table.wrap(node, g[0])
    try:
        accumulate_pick(walk, node.left, <int>node.y.value, entry)
    except BaseException:
        if entry.bits != UNDEFINED:
            Py_XDECREF(entry.variable)
        raise
    return 0


cdef object posthooks_of(Node* node):
    cdef NodeExtras extras
    if not node.flags & HOOKED or node.x.payload.extras == NULL:
        return None
    extras = <NodeExtras>node.x.payload.extras
    return extras.posthooks or None


cdef int run_collected(Pass* walk, Node* node, Cotangent* g) except -1:
    """A node whose results somebody wants to see before they are passed on: hooks on the node, or anomaly mode."""
    cdef int operand, first = 2 if node.flags & PYTHON or (node.flags & PAYLOAD and node.x.payload.edges) else 0
    cdef PyObject* result
    cdef list results
    cdef list gs = cotangents(walk, node, g) if node.flags & PYTHON else [given(walk, node, g)]
    if walk.anomaly:
        result = table.enter_node(node)
        try:
            results = results_of(walk, node, gs)
        finally:
            table.leave_node(result)
        table.inspect(node, <PyObject*>results)
    else:
        results = results_of(walk, node, gs)
    if posthooks_of(node) is not None:
        # A rule may hand the cotangent on as it is, to two operands even; the hooks may write into each by itself.
        if not node.flags & HEAD:
            release_cotangent(walk, node, g[0])
            g.bits = UNDEFINED
        for operand in range(len(results)):
            if results[operand] is not None and edge(node, operand + first) != NULL:    # broadcasting undone
                result = table.fit(edge(node, operand + first), <PyObject*>results[operand])
                results[operand] = <object>result
                Py_DECREF(<object>result)
        set_apart(walk, results)
        set_apart(walk, gs)
        results = run_posthooks(walk, node, results, gs)
    for operand in range(len(results)):
        pass_on(walk, edge(node, operand + first), results[operand])
    return 0


cdef list results_of(Pass* walk, Node* node, list gs):
    """What a node gives to its operands, None where nothing is wanted or undefined."""
    cdef int operand, first = 0, count
    cdef PyObject* result
    cdef list results = []
    if node.flags & PYTHON:
        return list(custom_results(walk, node, gs))
    count = table.arity(node)
    if node.flags & PAYLOAD and node.x.payload.edges:
        first, count = 2, 2 + node.x.payload.edges
    for operand in range(first, count):
        if gs[0] is None or not wanted(walk, edge(node, operand)):
            results.append(None)
            continue
        if graph.modified:
            check_modified(node, operand)
        result = table.vjp(node, operand, <PyObject*>gs[0])
        if result == NULL:
            results.append(None)
        else:
            results.append(<object>result)
            Py_DECREF(<object>result)
    return results


cdef list run_posthooks(Pass* walk, Node* node, list results, list gs):
    """Hooks after the node ran; what they make of its results."""
    hooks = posthooks_of(node)
    for hook in list(hooks.values()) if hooks is not None else ():
        result = hook(tuple(results), tuple(gs))
        if result is not None:
            results = replaced(hook, result, results)
    return results


cdef int pass_on(Pass* walk, Node* target, object result) except -1:
    """A Variable, or None for undefined, to its operand."""
    cdef Cotangent given
    if not wanted(walk, target):
        return 0
    if result is None:
        return accumulate_undefined(walk, target)
    if walk.recorded:
        Py_INCREF(result)
        return accumulate_variable(walk, target, <PyObject*>result)
    table.unwrap(target, result, &given)
    if target.flags & OUT_SCALAR:
        return accumulate_value(walk, target, given.value)
    return accumulate_array(walk, target, given.array)


cdef int run_python(Pass* walk, Node* node, Cotangent* g) except -1:
    """A custom op: its callable gets the cotangents as Variables and returns one Variable or None per operand."""
    cdef int operand
    cdef tuple results = custom_results(walk, node, cotangents(walk, node, g))
    for operand in range(len(results)):
        pass_on(walk, edge(node, operand + 2), results[operand])
    return 0


cdef list cotangents(Pass* walk, Node* node, Cotangent* g):
    """What the callable of a custom op gets: a Variable for each result, None where one took no part."""
    cdef int operand
    cdef list gs = []
    if node.flags & HEAD:
        for operand in range(<int>node.y.value):
            if g.bits == UNDEFINED or g.vector.cotangent[operand].bits in (UNTOUCHED, UNDEFINED):
                gs.append(None)
            else:
                gs.append(<object>g.vector.cotangent[operand].variable)
    elif g.bits == UNDEFINED:
        gs.append(None)
    else:
        gs.append(given(walk, node, g))
    return gs


cdef tuple custom_results(Pass* walk, Node* node, list gs):
    cdef int operand, edges = node.x.payload.edges
    cdef list needs = []
    cdef PyObject* returned
    cdef tuple results
    for operand in range(edges):
        needs.append(wanted(walk, edge(node, operand + 2)))
    returned = table.vjp_python(node, <PyObject*>gs, <PyObject*>needs)
    results = <tuple><object>returned
    Py_DECREF(results)
    return results


cdef int run_operand(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The one question: here is the cotangent of your result; add that of operand i into its place."""
    cdef Node* target = edge(node, operand)
    cdef Op* op = &ops[node.op]
    cdef PyObject* wrapped
    cdef PyObject* result
    cdef Cotangent given
    cdef intp k
    if graph.modified:
        check_modified(node, operand)
    if walk.recorded:
        result = table.vjp(node, operand, g.variable)
        if result == NULL:
            return accumulate_undefined(walk, target)
        return accumulate_variable(walk, target, result)
    if walk.batch:
        return table.run_batch(walk, node, operand, g, last)
    if is_element(node):
        return pass_element(walk, node, operand, g, last)
    if not node.flags & ARRAY:
        k = node.op + (MAX_NODE_OPS if node.flags & FLOAT32 else 0)
        if operand == 0:
            return accumulate_value(walk, target, point_dx[k](g.value, node_x(node), node.y.value, node.out.value))
        return accumulate_value(walk, target, point_dy[k](g.value, node_x(node), node.y.value, node.out.value))
    if op.kernel[0] != NULL and kernel_type(node.x.payload.type) >= 0:
        k = elementwise(walk, node, operand, g, last)
        if k != 1:
            return 0
    elif op.fast != NULL:
        k = op.fast(walk, node, operand, g, last)
        if k != 1:              # 1: this case has no fast form
            return 0
    wrapped = table.wrap(node, g[0])
    try:
        result = table.vjp(node, operand, wrapped)
    finally:
        Py_DECREF(<object>wrapped)
    if result == NULL:
        return accumulate_undefined(walk, target)
    try:
        table.unwrap(target, <object>result, &given)
    finally:
        Py_DECREF(<object>result)
    if target.flags & OUT_SCALAR:
        return accumulate_value(walk, target, given.value)
    return accumulate_array(walk, target, given.array)


cdef int operand_of(Node* node, Saved* saved, Shape* shape, char** data, intp* strides) except -1:
    """Where a saved operand's elements are, read as if it had the result's shape.  1: it was packed by a hook."""
    cdef Array* array
    if saved.state == PACKED:
        return 1
    if saved.state == SAVED:
        saved_array(node, saved, &array)
        broadcast_strides(array, shape, strides)
        data[0] = array.data
    elif saved.state == NUMBER:
        # kept in the dtype of the op
        data[0] = <char*>&saved.value
        memset(strides, 0, shape.ndim * sizeof(intp))
    else:
        raise_freed()           # another thread's pass freed it while a loop of this node ran without the lock
    return 0


cdef bint all_one(Array* array) noexcept:
    """Whether all elements are one place in memory, as of the cotangent that sum() hands down."""
    cdef int i
    for i in range(array.shape.ndim):
        if array.shape.dim[i] != 1 and array.strides[i] != 0:
            return False
    return True


cdef int flat_operand(Node* node, Saved* saved, Shape* shape, int size, char** data, intp* step, float* single) except -1:
    """A saved operand of the result's shape and contiguous, or a number.  1: it is neither."""
    cdef Array* array
    if saved.state == SAVED:
        saved_array(node, saved, &array)
        if not lies_flat(array, shape):
            return 1
        data[0], step[0] = array.data, size
    elif saved.state == NUMBER:
        data[0], step[0] = <char*>&saved.value, 0
        if size == sizeof(float):
            single[0] = <float>saved.value
            data[0] = <char*>single
    else:
        return 1
    return 0


cdef int flat(Pass* walk, Node* node, Node* target, Partial partial, int saves, Cotangent* g, bint last) except -1:
    """`elementwise` of few contiguous elements of one shape.  1: they are not.

    With 4 elements the general way, over strides, takes 60 ns more than the loop itself.
    """
    cdef Payload* payload = node.x.payload
    cdef Shape* shape = payload.shape
    cdef int size = SIZES[payload.type]
    cdef char* data[5]
    cdef intp[5] steps
    cdef float[3] single
    cdef Cotangent* place
    data[1], steps[1] = g.array.data, size
    if g.array.strides != NULL:
        if not all_one(g.array):
            return 1
        steps[1] = 0
    data[2] = data[3] = data[4] = NULL
    steps[2] = steps[3] = steps[4] = 0
    if (saves & SAVES_X and flat_operand(node, &payload.x, shape, size, &data[2], &steps[2], &single[0])
            or saves & SAVES_Y and flat_operand(node, &payload.y, shape, size, &data[3], &steps[3], &single[1])
            or saves & SAVES_OUT and flat_operand(node, &payload.out, shape, size, &data[4], &steps[4], &single[2])):
        return 1
    place = slot(walk, target)
    steps[0] = size
    if place.bits != UNTOUCHED and place.bits != UNDEFINED:
        make_own(place)
        data[0] = place.array.data
        partial(data, steps, shape.size, True)
        return 0
    if last and steps[1] and sole_owner(g.array):
        place.array = g.array
        g.bits = UNDEFINED
    else:
        place.array = new_array(payload.type, shape)
    data[0] = place.array.data
    partial(data, steps, shape.size, False)
    return 0


cdef int elementwise(Pass* walk, Node* node, int operand, Cotangent* g, bint last) except -1:
    """The fused loop of a row: dst += rule(g, x, y, out), straight into the operand's place where shapes agree."""
    cdef Payload* payload = node.x.payload
    cdef Shape* shape = payload.shape
    cdef int ndim = shape.ndim
    cdef int dtype = kernel_type(payload.type)
    cdef Kernel* kernel = ops[node.op].kernel[dtype]
    cdef Partial partial = kernel.dx if operand == 0 else kernel.dy
    cdef bint is_g = kernel.dx_is_g if operand == 0 else kernel.dy_is_g
    cdef int saves = kernel.dx_saves if operand == 0 else kernel.dy_saves
    cdef Node* target = edge(node, operand)
    cdef intp[5 * MAX_DIMS] room
    cdef const intp* strides[5]
    cdef char* data[5]
    cdef float[4] single
    cdef double number
    cdef Saved* saved
    cdef Cotangent* place
    cdef Array* array
    cdef Array* given = NULL
    cdef bint fits
    cdef int k
    if partial == NULL:         # there is no derivative in this operand, which the recorded rule says in words
        return 1
    fits = not target.flags & OUT_SCALAR and node_type(target) == payload.type and same_shape(node_shape(target), shape)
    if is_g and not node.flags & OUT_SCALAR:
        g.array.owners += 1
        return accumulate_array(walk, target, g.array)
    if fits and shape.size < FLAT_SIZE and not node.flags & OUT_SCALAR:
        k = flat(walk, node, target, partial, saves, g, last)
        if k != 1:
            return 0
    for k in range(5):
        data[k] = NULL
        strides[k] = &room[k * ndim]
        memset(&room[k * ndim], 0, ndim * sizeof(intp))
    if saves & SAVES_X and operand_of(node, &payload.x, shape, &data[2], &room[2 * ndim]):
        return 1
    if saves & SAVES_Y and operand_of(node, &payload.y, shape, &data[3], &room[3 * ndim]):
        return 1
    if saves & SAVES_OUT and operand_of(node, &payload.out, shape, &data[4], &room[4 * ndim]):
        return 1
    if dtype == KERNEL_FLOAT32:
        # saved numbers are doubles; the loop reads floats
        for k in range(3):
            saved = &payload.x if k == 0 else &payload.y if k == 1 else &payload.out
            if saved.state == NUMBER and data[k + 2] != NULL:
                single[k] = <float>saved.value
                data[k + 2] = <char*>&single[k]
    if node.flags & OUT_SCALAR:
        # 0-d arrays: the cotangent is a double
        number = g.value
        if dtype == KERNEL_FLOAT32:
            single[3] = <float>number
            data[1] = <char*>&single[3]
        else:
            data[1] = <char*>&number
    else:
        data[1] = g.array.data
        memcpy(&room[ndim], strides_of(g.array, &room[ndim]), ndim * sizeof(intp))
    if fits:
        place = slot(walk, target)
        if place.bits != UNTOUCHED and place.bits != UNDEFINED:
            make_own(place)
            array = place.array
            data[0] = array.data
            strides[0] = strides_of(array, &room[0])
            run_held(payload, partial, shape, data, strides, True)
            return 0
    if last and not node.flags & OUT_SCALAR and sole_owner(g.array) and g.array.strides == NULL:
        # nobody needs g any more: its buffer becomes the operand's cotangent
        given = g.array
        g.bits = UNDEFINED
    else:
        given = new_array(payload.type, shape)
    data[0] = given.data
    strides[0] = strides_of(given, &room[0])
    run_held(payload, partial, shape, data, strides, False)
    return accumulate_array(walk, target, given)


cdef enum:
    RELEASE_SIZE = 32768        # elements from which a loop takes over 10 us: releasing the lock costs about 0.1


cdef int run_held(Payload* payload, Partial partial, Shape* shape, char** data, const intp** strides,
                  bint accumulating) noexcept:
    """The loop; over many elements without the lock, what it reads held against another pass that frees it."""
    cdef Array* held[3]
    cdef int k
    if shape.size < RELEASE_SIZE:
        run_partial(partial, shape.ndim, shape.dim, data, strides, accumulating)
        return 0
    held[0], held[1], held[2] = payload.x.array, payload.y.array, payload.out.array
    shape.owners += 1
    for k in range(3):
        if held[k] != NULL:
            held[k].owners += 1
    with nogil:
        run_partial(partial, shape.ndim, shape.dim, data, strides, accumulating)
    for k in range(3):
        release_array(held[k])
    release_shape(shape)
    return 0


# ---- fork

cdef int forks = 0                  # how often this process is the child of one
cdef unsigned long forker = 0       # the thread that called the last, which alone is there since


def _forked():
    """In a child of fork: what other threads were in the middle of, nobody goes on with."""
    global forks, forker, releasing_foreign
    forks += 1
    forker = PyThread_get_thread_ident()
    graph.releasing = releasing_foreign = False


def count_forks():
    """How often this process is the child of a fork."""
    return forks


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


cdef class Turn:
    """What one call has at a time, and nobody waits for: a lock that no thread keeps which a fork left behind."""

    cdef bint taken(self) noexcept:
        """Whether somebody has it: another thread, or a call further out of this one."""
        if self.held and self.forks != forks and self.thread != forker:
            self.held = False
        return self.held

    cdef bint claim(self) noexcept:
        if self.taken():
            return False
        self.held, self.forks, self.thread = True, forks, PyThread_get_thread_ident()
        return True

    def acquire(self, *, bint blocking):
        """Take it; False where somebody has it.  blocking: False, as of a lock that is not waited for."""
        if blocking:
            raise ValueError("nobody waits for a turn")
        return self.claim()

    def release(self):
        """Give it back."""
        self.held = False


# ---- start

cdef int start() except -1:
    global scalar_shape
    scalar_shape = new_shape(0, NULL)
    memset(&graph, 0, sizeof(Graph))
    memset(&ops[0], 0, sizeof(ops))
    return 0


start()
