/* Threads that share the chunks of one loop with the thread that calls it.

   What the design must survive is a busy neighbour: an OpenMP barrier beside a process that occupies the other core costs
   8 ms an operation, since it waits for a thread that has not started.  Here the caller works through the chunks itself,
   whoever is awake helps, and nobody is waited for who has not joined.  What remains is a helper that loses its core in the
   middle of a chunk (3 ms, a time slice).  A wait much longer than the caller's own longest chunk is taken for that, and
   the pool rests for eight times as long, for twice as long again after each further one, up to 128 times: beside a core
   that stays busy about one part in a hundred is lost, and after another library's threads, which look out for work for
   some milliseconds after each of its calls, helpers are soon asked again.

   Each thread begins with a part of its own, the same in every loop over the same length, so that a chunk is mostly found
   in the cache of the core that wrote it; then it takes from the parts of others. */
#ifndef AUTODIFF_THREADS_H
#define AUTODIFF_THREADS_H

#include <Python.h>

#define THREADS_AT_MOST 64

typedef void (*Chunk)(void *work, Py_ssize_t chunk);

#if defined(_WIN32)

static int threads_wanted = 1;
static int threads_available(void) { return 1; }
static int threads_set(int count) { return count == 1 ? 0 : -1; }
static int threads_helpful(void) { return 0; }
static int threads_awake(void) { return 0; }
static void threads_run(Chunk chunk, void *work, Py_ssize_t chunks)
{
    for (Py_ssize_t i = 0; i < chunks; i++) chunk(work, i);
}
static long long threads_rests(void) { return 0; }
static long long nanoseconds(void) { return 0; }
static int threads_prepare(void) { return 0; }

#else

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#  define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#  define PAUSE() __asm__ volatile("yield")
#else
#  define PAUSE() ((void)0)
#endif

/* How long a helper looks for the next loop before it sleeps: waking one takes some 50 us, as long as a loop. */
#define LOOK_FOR 60000
/* ns beyond four of the caller's longest chunks, of 25 us mostly, from which a wait for helpers makes the pool rest; and
   the longest wait that counts, since a process may be stopped for an hour. */
#define LATE 400000
#define LATE_AT_MOST 50000000
#define LATE_IN_A_ROW 4
/* Helped loops in time after which a core counts as free again. */
#define PUNCTUAL 32

typedef struct {
    _Alignas(64) atomic_llong next;     /* the chunk to be taken; at or beyond last: none is left */
    Py_ssize_t last;
} Part;

static struct {
    pthread_mutex_t turn;               /* one loop at a time */
    pthread_mutex_t lock;               /* sleeping and waking */
    pthread_cond_t wake;
    int sleeping;
    int started;                        /* helpers alive */
    pthread_t helper[THREADS_AT_MOST];
    atomic_int leave;                   /* the helpers are to end */
    Chunk chunk;
    void *work;
    int parts;
    Part part[THREADS_AT_MOST];
    _Alignas(64) atomic_uint serial;    /* odd while a loop may be joined */
    _Alignas(64) atomic_int inside;     /* helpers that have joined it */
    long long rest_until, rests;
    int late, punctual;                 /* rests in a row, and loops that were helped in time since the last */
} pool = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

static int threads_wanted = 1;

static long long nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The processors this process may use. */
static int threads_available(void)
{
    long count;
#if defined(__linux__)
    cpu_set_t set;
    count = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
#else
    count = sysconf(_SC_NPROCESSORS_ONLN);
#endif
    return count < 1 ? 1 : count > THREADS_AT_MOST ? THREADS_AT_MOST : (int)count;
}

/* Take chunks until none is left, from part `own` first; returns how long the longest took. */
static long long work_through(int own)
{
    const int parts = pool.parts;
    long long longest = 0, before = nanoseconds();
    for (int k = 0; k < parts; k++) {
        Part *const part = &pool.part[(own + k) % parts];
        for (;;) {
            const long long i = atomic_fetch_add_explicit(&part->next, 1, memory_order_relaxed);
            long long after;
            if (i >= part->last) break;
            pool.chunk(pool.work, (Py_ssize_t)i);
            after = nanoseconds();
            if (after - before > longest) longest = after - before;
            before = after;
        }
    }
    return longest;
}

static void *helper(void *number)
{
    const int own = (int)(intptr_t)number;
    unsigned int seen = 0;
    for (;;) {
        unsigned int serial;
        const long long start = nanoseconds();
        int looked = 0;
        while ((serial = atomic_load_explicit(&pool.serial, memory_order_acquire)) == seen || !(serial & 1)) {
            for (int i = 0; i < 32; i++) PAUSE();
            if (atomic_load_explicit(&pool.leave, memory_order_relaxed)) return NULL;
            /* Beside another program on the same core, looking on would cost it its turn. */
            if (++looked % 16 == 0) sched_yield();
            if (nanoseconds() - start > LOOK_FOR) {
                int left;
                pthread_mutex_lock(&pool.lock);
                while (!(left = atomic_load(&pool.leave)) && ((serial = atomic_load(&pool.serial)) == seen || !(serial & 1))) {
                    pool.sleeping++;
                    pthread_cond_wait(&pool.wake, &pool.lock);
                    pool.sleeping--;
                }
                pthread_mutex_unlock(&pool.lock);
                if (left) return NULL;
                break;
            }
        }
        seen = serial;
        atomic_fetch_add(&pool.inside, 1);
        /* A helper of earlier times, when more threads were wanted, stays out. */
        if (atomic_load(&pool.serial) == serial && own < pool.parts) work_through(own);
        atomic_fetch_sub(&pool.inside, 1);
    }
    return NULL;
}

/* fork() in a process of one thread is safe, and Python 3.12 warns of any other, so idle helpers end before it, as those of
   OpenBLAS do: new ones start in 50 us when a loop wants them.  While a loop runs they are not idle: then nobody waits. */
static _Thread_local int forking_with_turn;

static void before_fork(void)
{
    forking_with_turn = pthread_mutex_trylock(&pool.turn) == 0;
    if (!forking_with_turn || !pool.started) return;
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.leave, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    for (int k = 0; k < pool.started; k++) pthread_join(pool.helper[k], NULL);
    pool.started = 0;
    atomic_store(&pool.leave, 0);
}

static void after_fork_in_parent(void)
{
    if (forking_with_turn) pthread_mutex_unlock(&pool.turn);
}

/* A child of fork has the caller's thread alone, whatever the others were doing. */
static void after_fork_in_child(void)
{
    pthread_mutex_t fresh = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t none = PTHREAD_COND_INITIALIZER;
    pool.turn = fresh;
    pool.lock = fresh;
    pool.wake = none;
    pool.sleeping = pool.started = 0;
    atomic_store(&pool.serial, 0);
    atomic_store(&pool.inside, 0);
    atomic_store(&pool.leave, 0);
}

/* Once, before any loop. */
static int threads_prepare(void) { return pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child); }

/* Called with the turn: fewer helpers than wanted where the system gives no more. */
static void start_helpers(int count)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes)) return;
    pthread_attr_setstacksize(&attributes, 1 << 20);
    /* Signals are for the threads of the program. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.started < count) {
        pthread_t *const thread = &pool.helper[pool.started];
        if (pthread_create(thread, &attributes, helper, (void *)(intptr_t)(pool.started + 1))) break;
        pool.started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static int threads_set(int count)
{
    if (count < 1) return -1;
    threads_wanted = count > THREADS_AT_MOST ? THREADS_AT_MOST : count;
    return 0;
}

/* Whether to ask for help at all: not while the pool rests. */
static int threads_helpful(void) { return threads_wanted > 1 && (pool.rest_until == 0 || nanoseconds() > pool.rest_until); }

/* Whether all helpers are awake, looking for work: then one is there at once.  A race does no harm. */
static int threads_awake(void) { return pool.started >= threads_wanted - 1 && pool.sleeping == 0; }

static long long threads_rests(void) { return pool.rests; }

/* Run chunk(work, 0 ... chunks - 1), each once, in any order, on the calling thread and whoever helps. */
static void threads_run(Chunk chunk, void *work, Py_ssize_t chunks)
{
    const int wanted = threads_wanted, parts = wanted < chunks ? wanted : (int)chunks;
    unsigned int serial;
    long long allowed;
    if (parts < 2 || pthread_mutex_trylock(&pool.turn)) {
        for (Py_ssize_t i = 0; i < chunks; i++) chunk(work, i);
        return;
    }
    if (pool.started < parts - 1) start_helpers(parts - 1);
    pool.chunk = chunk;
    pool.work = work;
    pool.parts = parts;
    for (int k = 0; k < parts; k++) {
        atomic_store_explicit(&pool.part[k].next, chunks * k / parts, memory_order_relaxed);
        pool.part[k].last = chunks * (k + 1) / parts;
    }
    serial = atomic_load_explicit(&pool.serial, memory_order_relaxed) + 1;
    atomic_store(&pool.serial, serial);
    pthread_mutex_lock(&pool.lock);
    if (pool.sleeping) pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    allowed = LATE + 4 * work_through(0);
    atomic_store(&pool.serial, serial + 1);
    if (atomic_load(&pool.inside)) {
        const long long start = nanoseconds();
        long long waited = 0;
        int looked = 0;
        while (atomic_load(&pool.inside)) {
            PAUSE();
            if (++looked % 1024 == 0) {
                waited = nanoseconds() - start;
                if (waited > LATE) sched_yield();
            }
        }
        if (waited > allowed) {
            if (waited > LATE_AT_MOST) waited = LATE_AT_MOST;
            pool.rest_until = nanoseconds() + (8LL << pool.late) * waited;
            pool.rests++;
            pool.punctual = 0;
            if (pool.late < LATE_IN_A_ROW) pool.late++;
        }
        else if (++pool.punctual == PUNCTUAL) pool.late = pool.punctual = 0;
    }
    pthread_mutex_unlock(&pool.turn);
}

#endif
#endif
