/* Arithmetic over blocks, compiled for each CPU level, whose vectors have BYTES bytes. What is computed stays in registers
   from operation to operation: a loop for each, which loads two operands and stores a result, takes 0.16 ns an element, one
   more operation here 0.04 (vectors of 64 bytes) to 0.06 (of 32). The bits are the same at each level. */
#include <string.h>
#include "sweep_types.h"

#if defined(__GNUC__)

/* An operand; moves: a mask of how far an element is from the first, 0 where it is the same for all. */
typedef struct {
    char *start;
    ptrdiff_t moves;
} Given;

#define C_ONE(DO, a, b) DO(a##0, b##0, 0)
#define C_TWO_OF(DO, a, b) C_ONE(DO, a, b) DO(a##1, b##1, 1)
#define C_FOUR(DO, a, b) C_TWO_OF(DO, a, b) DO(a##2, b##2, 2) DO(a##3, b##3, 3)
#define C_EIGHT(DO, a, b) C_FOUR(DO, a, b) DO(a##4, b##4, 4) DO(a##5, b##5, 5) DO(a##6, b##6, 6) DO(a##7, b##7, 7)
#define C_NAMES_ONE(V, a) V a##0 = (V){ 0 };
#define C_NAMES_TWO_OF(V, a) C_NAMES_ONE(V, a) V a##1 = a##0;
#define C_NAMES_FOUR(V, a) C_NAMES_TWO_OF(V, a) V a##2 = a##0, a##3 = a##0;
#define C_NAMES_EIGHT(V, a) C_NAMES_FOUR(V, a) V a##4 = a##0, a##5 = a##0, a##6 = a##0, a##7 = a##0;

#define C_WITH_MOVE(a, b, j) a = b;
#define C_WITH_ADD(a, b, j) a += b;
#define C_WITH_SUB(a, b, j) a -= b;
#define C_WITH_SUB_FROM(a, b, j) a = b - a;
#define C_WITH_MUL(a, b, j) a *= b;
#define C_WITH_DIV(a, b, j) a /= b;
#define C_WITH_DIV_INTO(a, b, j) a = b / a;
#define C_NEXT_MOVE(a, b, j) a = p[j];
#define C_NEXT_ADD(a, b, j) a += p[j];
#define C_NEXT_SUB(a, b, j) a -= p[j];
#define C_NEXT_SUB_FROM(a, b, j) a = p[j] - a;
#define C_NEXT_MUL(a, b, j) a *= p[j];
#define C_NEXT_DIV(a, b, j) a /= p[j];
#define C_NEXT_DIV_INTO(a, b, j) a = p[j] / a;
#define C_NEXT_STORE(a, b, j) p[j] = a;
#define C_MINUS_IT(a, b, j) a = -a;
#define C_SAME_MOVE(a, b, j) a = same;
#define C_SAME_ADD(a, b, j) a += same;
#define C_SAME_SUB(a, b, j) a -= same;
#define C_SAME_SUB_FROM(a, b, j) a = same - a;
#define C_SAME_MUL(a, b, j) a *= same;
#define C_SAME_DIV(a, b, j) a /= same;
#define C_SAME_DIV_INTO(a, b, j) a = same / a;

/* Each operation jumps to the next one, of which the processor then keeps a history each: one switch for all takes 1.15 times
   as long. What looks at the address, each time with another number, keeps the compiler from making one jump of them all.
   `mark` makes the labels of a function different. */
#define C_GO                                                                                                            \
    {                                                                                                                   \
        const void *next = table[*op++];                                                                                \
        __asm__ volatile("" : "+r"(next) : "i"(__COUNTER__));                                                           \
        goto *next;                                                                                                     \
    }
#define C_NEXT(mark, EACH, name, a)                                                                                     \
    mark##name##_##a: p = (V *)(x->start + (at & x->moves)); x++; EACH(C_NEXT_##name, a, a) C_GO
#define C_NEXTS(mark, EACH, name) C_NEXT(mark, EACH, name, a) C_NEXT(mark, EACH, name, b) C_NEXT(mark, EACH, name, c)
#define C_ONE_FOR_ALL(mark, EACH, name, a)                                                                              \
    mark##SAME_##name##_##a: { const V same = *(const V *)x->start; x++; EACH(C_SAME_##name, a, a) } C_GO
#define C_SAMES(mark, EACH, name)                                                                                       \
    C_ONE_FOR_ALL(mark, EACH, name, a) C_ONE_FOR_ALL(mark, EACH, name, b) C_ONE_FOR_ALL(mark, EACH, name, c)
#define C_PAIR(mark, EACH, name, a, b) mark##name##_##a##b: EACH(C_WITH_##name, a, b) C_GO
#define C_PAIRS(mark, EACH, name)                                                                                       \
    C_PAIR(mark, EACH, name, a, a) C_PAIR(mark, EACH, name, a, b) C_PAIR(mark, EACH, name, a, c)                        \
    C_PAIR(mark, EACH, name, b, a) C_PAIR(mark, EACH, name, b, b) C_PAIR(mark, EACH, name, b, c)                        \
    C_PAIR(mark, EACH, name, c, a) C_PAIR(mark, EACH, name, c, b) C_PAIR(mark, EACH, name, c, c)
#define C_ALONE(mark, EACH, a) mark##NEG_##a: EACH(C_MINUS_IT, a, a) C_GO
#define C_LABELS(mark, name) &&mark##name##_a, &&mark##name##_b, &&mark##name##_c
#define C_LABELS_OF_PAIRS(mark, name)                                                                                   \
    &&mark##name##_aa, &&mark##name##_ab, &&mark##name##_ac, &&mark##name##_ba, &&mark##name##_bb, &&mark##name##_bc,   \
    &&mark##name##_ca, &&mark##name##_cb, &&mark##name##_cc

/* All operations on the elements from `at` on; EACH names what is done to each vector of a register. */
#define C_RUN(mark, type, EACH)                                                                                         \
    {                                                                                                                   \
        static const void *const table[] = {                                                                            \
            C_LABELS(mark, MOVE), C_LABELS(mark, ADD), C_LABELS(mark, SUB), C_LABELS(mark, SUB_FROM),                   \
            C_LABELS(mark, MUL), C_LABELS(mark, DIV), C_LABELS(mark, DIV_INTO), C_LABELS(mark, STORE),                  \
            C_LABELS_OF_PAIRS(mark, MOVE), C_LABELS_OF_PAIRS(mark, ADD), C_LABELS_OF_PAIRS(mark, SUB),                  \
            C_LABELS_OF_PAIRS(mark, SUB_FROM), C_LABELS_OF_PAIRS(mark, MUL), C_LABELS_OF_PAIRS(mark, DIV),              \
            C_LABELS_OF_PAIRS(mark, DIV_INTO), C_LABELS(mark, NEG), &&mark##END,                                        \
            C_LABELS(mark, SAME_MOVE), C_LABELS(mark, SAME_ADD), C_LABELS(mark, SAME_SUB),                              \
            C_LABELS(mark, SAME_SUB_FROM), C_LABELS(mark, SAME_MUL), C_LABELS(mark, SAME_DIV),                          \
            C_LABELS(mark, SAME_DIV_INTO)};                                                                             \
        typedef type V;                                                                                                 \
        V *p;                                                                                                           \
        const Given *x = given;                                                                                         \
        const unsigned char *op = code;                                                                                 \
        C_GO                                                                                                            \
        C_NEXTS(mark, EACH, MOVE) C_NEXTS(mark, EACH, ADD) C_NEXTS(mark, EACH, SUB) C_NEXTS(mark, EACH, SUB_FROM)       \
        C_NEXTS(mark, EACH, MUL) C_NEXTS(mark, EACH, DIV) C_NEXTS(mark, EACH, DIV_INTO) C_NEXTS(mark, EACH, STORE)      \
        C_PAIRS(mark, EACH, MOVE) C_PAIRS(mark, EACH, ADD) C_PAIRS(mark, EACH, SUB) C_PAIRS(mark, EACH, SUB_FROM)       \
        C_PAIRS(mark, EACH, MUL) C_PAIRS(mark, EACH, DIV) C_PAIRS(mark, EACH, DIV_INTO)                                 \
        C_SAMES(mark, EACH, MOVE) C_SAMES(mark, EACH, ADD) C_SAMES(mark, EACH, SUB) C_SAMES(mark, EACH, SUB_FROM)       \
        C_SAMES(mark, EACH, MUL) C_SAMES(mark, EACH, DIV) C_SAMES(mark, EACH, DIV_INTO)                                 \
        C_ALONE(mark, EACH, a) C_ALONE(mark, EACH, b) C_ALONE(mark, EACH, c)                                            \
        mark##END:;                                                                                                     \
    }

/* A function for each width, since a jump to a label might else be one to any of the others'. */
#define C_WAY(mark, dtype, V, WIDTH, length)                                                                            \
    static ptrdiff_t mark##dtype(const unsigned char *code, const Given *given, ptrdiff_t at, ptrdiff_t end)            \
    {                                                                                                                   \
        C_NAMES_##WIDTH(V, a) C_NAMES_##WIDTH(V, b) C_NAMES_##WIDTH(V, c)                                               \
        for (; end - at >= (ptrdiff_t)(length); at += (ptrdiff_t)(length)) {                                            \
            C_RUN(mark, V, C_##WIDTH)                                                                                   \
        }                                                                                                               \
        return at;                                                                                                      \
    }
#define C_VECTOR(T, bytes) typedef T V##bytes##_##T __attribute__((vector_size(bytes), aligned(sizeof(T)), may_alias));
#define C_GOES(way, dtype) if (at < end) at = way##dtype(code, given, at, end);

/* The widths of a level, from the widest on. */
#if BYTES == 64
#  define C_WAYS(T, dtype)                                                                                              \
    C_VECTOR(T, 64) C_VECTOR(T, 32) C_VECTOR(T, 16)                                                                     \
    C_WAY(way_8_, dtype, V64_##T, EIGHT, 512) C_WAY(way_4_, dtype, V64_##T, FOUR, 256)                                  \
    C_WAY(way_2_, dtype, V64_##T, TWO_OF, 128) C_WAY(way_1_, dtype, V64_##T, ONE, 64)                                   \
    C_WAY(half_, dtype, V32_##T, ONE, 32) C_WAY(quarter_, dtype, V16_##T, ONE, 16)
#  define C_GO_ALL(dtype)                                                                                               \
    C_GOES(way_8_, dtype) C_GOES(way_4_, dtype) C_GOES(way_2_, dtype) C_GOES(way_1_, dtype) C_GOES(half_, dtype)        \
    C_GOES(quarter_, dtype)
#elif BYTES == 32
#  define C_WAYS(T, dtype)                                                                                              \
    C_VECTOR(T, 32) C_VECTOR(T, 16)                                                                                     \
    C_WAY(way_4_, dtype, V32_##T, FOUR, 128) C_WAY(way_2_, dtype, V32_##T, TWO_OF, 64)                                  \
    C_WAY(way_1_, dtype, V32_##T, ONE, 32) C_WAY(half_, dtype, V16_##T, ONE, 16)
#  define C_GO_ALL(dtype) C_GOES(way_4_, dtype) C_GOES(way_2_, dtype) C_GOES(way_1_, dtype) C_GOES(half_, dtype)
#else
#  define C_WAYS(T, dtype)                                                                                              \
    C_VECTOR(T, 16) C_WAY(way_4_, dtype, V16_##T, FOUR, 64) C_WAY(way_1_, dtype, V16_##T, ONE, 16)
#  define C_GO_ALL(dtype) C_GOES(way_4_, dtype) C_GOES(way_1_, dtype)
#endif
#define C_WIDEST (BYTES == 64 ? 512 : 4 * BYTES)

#define C_CHAIN(T, dtype)                                                                                               \
    C_WAYS(T, dtype)                                                                                                    \
    typedef T V1_##dtype __attribute__((may_alias));                                                                    \
    C_WAY(element_, dtype, V1_##dtype, ONE, sizeof(T))                                                                  \
    static void chain_##dtype(const unsigned char *code, int operands, char **args, const ptrdiff_t *steps, ptrdiff_t n) \
    {                                                                                                                   \
        T same[C_OPERANDS][C_WIDEST / sizeof(T)];                                                                       \
        Given given[C_OPERANDS];                                                                                        \
        ptrdiff_t at = 0;                                                                                               \
        const ptrdiff_t end = n * (ptrdiff_t)sizeof(T);                                                                 \
        for (int i = 0; i < operands; i++) {                                                                            \
            given[i].start = args[i];                                                                                   \
            given[i].moves = -1;                                                                                        \
            if (steps[i] <= 0) {                                                                                        \
                const T element = *(const T *)args[i];                                                                  \
                const size_t often = (steps[i] ? BYTES : C_WIDEST) / sizeof(T);                                         \
                for (size_t j = 0; j < often; j++) same[i][j] = element;                                                \
                given[i].start = (char *)same[i];                                                                       \
                given[i].moves = 0;                                                                                     \
            }                                                                                                           \
        }                                                                                                               \
        C_GO_ALL(dtype)                                                                                                 \
        C_GOES(element_, dtype)                                                                                         \
    }

#else

/* Without vectors in the language: a block at a time. */
#define C_EACH(does) for (int j = 0; j < m; j++) { does; } break;
#define C_CHAIN(T, dtype)                                                                                               \
    static void chain_##dtype(const unsigned char *code, int operands, char **args, const ptrdiff_t *steps, ptrdiff_t n) \
    {                                                                                                                   \
        T of[C_REGISTERS][64], next[64];                                                                                \
        (void)operands;                                                                                                 \
        for (ptrdiff_t at = 0; at < n; at += 64) {                                                                      \
            const int m = (int)(n - at < 64 ? n - at : 64);                                                             \
            int k = 0;                                                                                                  \
            for (const unsigned char *op = code; *op != C_END; op++) {                                                  \
                const int one = *op >= C_SAME, code_of = one ? *op - C_SAME : *op;                                      \
                const int two = code_of >= C_TWO && code_of < C_NEG, alone = code_of >= C_NEG;                          \
                T *const a = of[alone ? code_of - C_NEG : two ? (code_of - C_TWO) / 3 % 3 : code_of % 3];               \
                const T *b = two ? of[(code_of - C_TWO) % 3] : next;                                                    \
                const int does = two ? (code_of - C_TWO) / 9 : alone ? C_END : code_of / 3;                             \
                if (does == C_STORE) {                                                                                  \
                    for (int j = 0; j < m; j++) *(T *)(args[k] + steps[k] * (at + j)) = a[j];                           \
                    k++;                                                                                                \
                } else if (!two && !alone) {                                                                            \
                    for (int j = 0; j < m; j++) next[j] = *(const T *)(args[k] + (one ? 0 : steps[k] * (at + j)));      \
                    k++;                                                                                                \
                }                                                                                                       \
                switch (does) {                                                                                         \
                    case C_STORE: break;                                                                                \
                    case C_MOVE: C_EACH(a[j] = b[j])                                                                    \
                    case C_ADD: C_EACH(a[j] += b[j])                                                                    \
                    case C_SUB: C_EACH(a[j] -= b[j])                                                                    \
                    case C_SUB_FROM: C_EACH(a[j] = b[j] - a[j])                                                         \
                    case C_MUL: C_EACH(a[j] *= b[j])                                                                    \
                    case C_DIV: C_EACH(a[j] /= b[j])                                                                    \
                    case C_DIV_INTO: C_EACH(a[j] = b[j] / a[j])                                                         \
                    default: C_EACH(a[j] = -a[j])                                                                       \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }

#endif

/* In the order of NumPy's pairwise sum, whose bits they have: eight sums side by side, and what is left after them; of more
   than 128 elements the sum of two halves. A call of NumPy's loop for each row of 20 takes three times as long. */
#if defined(__GNUC__)

/* Eight elements are one vector, or as many as there must be; two halves of up to 128 elements go side by side, as an addition
   waits for the one before it. An element of float64 takes 0.054 ns with AVX-512 and with AVX2; of plain C, GCC made 0.075 and
   0.27. */
#define C_PARTS(T) (8 * sizeof(T) > BYTES ? 8 * sizeof(T) / BYTES : 1)
#define C_EIGHT_OF(dtype, ...) for (int k = 0; k < parts_##dtype; k++) { __VA_ARGS__; }
#define C_AT(dtype, x, i) (((const Place_##dtype *)((x) + (i)))[k])
#define C_OF(dtype, r, i) r[(i) / in_part_##dtype][(i) % in_part_##dtype]
#define C_TOGETHER(dtype, r)                                                                                            \
    (((C_OF(dtype, r, 0) + C_OF(dtype, r, 1)) + (C_OF(dtype, r, 2) + C_OF(dtype, r, 3)))                                \
     + ((C_OF(dtype, r, 4) + C_OF(dtype, r, 5)) + (C_OF(dtype, r, 6) + C_OF(dtype, r, 7))))
#define C_SUM(T, dtype)                                                                                                 \
    enum { parts_##dtype = C_PARTS(T), in_part_##dtype = 8 / C_PARTS(T) };                                              \
    typedef T Part_##dtype __attribute__((vector_size(8 * sizeof(T) / C_PARTS(T))));                                    \
    typedef T Place_##dtype __attribute__((vector_size(8 * sizeof(T) / C_PARTS(T)), aligned(sizeof(T)), may_alias));    \
    static T sum_##dtype(ptrdiff_t n, const T *a)                                                                       \
    {                                                                                                                   \
        const ptrdiff_t half = n > 128 ? n / 2 - n / 2 % 8 : 0;                                                         \
        const T *const b = a + half;                                                                                    \
        Part_##dtype r[C_PARTS(T)], s[C_PARTS(T)];                                                                      \
        ptrdiff_t i = 8;                                                                                                \
        T sum = 0;                                                                                                      \
        n -= half;                                                                                                      \
        if (n > 128) return sum_##dtype(half, a) + sum_##dtype(n, b);                                                   \
        if (n < 8) {                                                                                                    \
            for (i = 0; i < n; i++) sum += b[i];                                                                        \
            return sum;                                                                                                 \
        }                                                                                                               \
        C_EIGHT_OF(dtype, s[k] = C_AT(dtype, b, 0))                                                                     \
        if (half) {                                                                                                     \
            C_EIGHT_OF(dtype, r[k] = C_AT(dtype, a, 0))                                                                 \
            for (; i < half; i += 8) C_EIGHT_OF(dtype, r[k] += C_AT(dtype, a, i); s[k] += C_AT(dtype, b, i))            \
        }                                                                                                               \
        for (; i + 8 <= n; i += 8) C_EIGHT_OF(dtype, s[k] += C_AT(dtype, b, i))                                         \
        sum = C_TOGETHER(dtype, s);                                                                                     \
        for (; i < n; i++) sum += b[i];                                                                                 \
        return half ? C_TOGETHER(dtype, r) + sum : sum;                                                                 \
    }

#else

#define C_SUM(T, dtype)                                                                                                 \
    static T sum_##dtype(ptrdiff_t n, const T *a)                                                                       \
    {                                                                                                                   \
        ptrdiff_t i = 0;                                                                                                \
        T sum = 0;                                                                                                      \
        if (n > 128) {                                                                                                  \
            const ptrdiff_t half = n / 2 - n / 2 % 8;                                                                   \
            return sum_##dtype(half, a) + sum_##dtype(n - half, a + half);                                              \
        }                                                                                                               \
        if (n >= 8) {                                                                                                   \
            T r[8];                                                                                                     \
            for (int k = 0; k < 8; k++) r[k] = a[k];                                                                    \
            for (i = 8; i + 8 <= n; i += 8) {                                                                           \
                for (int k = 0; k < 8; k++) r[k] += a[i + k];                                                           \
            }                                                                                                           \
            sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));                                    \
        }                                                                                                               \
        for (; i < n; i++) sum += a[i];                                                                                 \
        return sum;                                                                                                     \
    }

#endif

#define C_SUMS(T, dtype)                                                                                                \
    C_SUM(T, dtype)                                                                                                     \
    static void sums_##dtype(ptrdiff_t rows, ptrdiff_t columns, const char *x, ptrdiff_t step, char *out)               \
    {                                                                                                                   \
        for (ptrdiff_t row = 0; row < rows; row++, x += step) {                                                         \
            ((T *)out)[row] = 0 + sum_##dtype(columns, (const T *)x);       /* no -0, as what is added to 0 */          \
        }                                                                                                               \
    }

#define C_STRETCH(T, dtype)                                                                                             \
    static void stretch_##dtype(ptrdiff_t rows, ptrdiff_t columns, const char *x, char *out)                            \
    {                                                                                                                   \
        T *target = (T *)out;                                                                                           \
        for (ptrdiff_t row = 0; row < rows; row++, target += columns) {                                                 \
            const T element = ((const T *)x)[row];                                                                      \
            for (ptrdiff_t i = 0; i < columns; i++) target[i] = element;                                                \
        }                                                                                                               \
    }

C_CHAIN(double, float64)
C_CHAIN(float, float32)
C_SUMS(double, float64)
C_SUMS(float, float32)
C_STRETCH(double, float64)
C_STRETCH(float, float32)

const c_sweeps LEVEL(c_sweeps) = {
    { chain_float64, chain_float32 }, { sums_float64, sums_float32 }, { stretch_float64, stretch_float32 }};
