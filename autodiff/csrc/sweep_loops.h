/* Chains of arithmetic, compiled for two CPU levels, whose vectors have BYTES bytes.  What is computed stays in registers from
   operation to operation: a loop for each, which loads two operands and stores a result, takes 0.16 ns an element, one more
   operation of a chain 0.05.  Vectors of 64 bytes take as long as these: memory decides, and most operands lie across lines of
   the cache for them.  The bits are the same at each level. */
#include <string.h>
#include "sweep_types.h"

#if defined(__GNUC__)

/* All operations on the elements from `at` on, with the accumulators a0 ...; EACH names what is done to one of them. */
#define C_RUN(V, EACH)                                                                                                  \
    {                                                                                                                   \
        const V *b = (const V *)(x[0] + (at & moves[0]));                                                               \
        int k = 1;                                                                                                      \
        EACH(C_FIRST)                                                                                                   \
        for (int i = 0; i < count; i++) {                                                                               \
            switch (op[i]) {                                                                                            \
                case C_ADD: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_PLUS) break;                           \
                case C_SUB: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_MINUS) break;                          \
                case C_SUB_FROM: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_FROM) break;                      \
                case C_MUL: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_TIMES) break;                          \
                case C_DIV: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_OVER) break;                           \
                case C_DIV_INTO: b = (const V *)(x[k] + (at & moves[k])); k++; EACH(C_UNDER) break;                     \
                case C_NEG: EACH(C_MINUS_IT) break;                                                                     \
                case C_TWICE: EACH(C_TO_ITSELF) break;                                                                  \
                default: EACH(C_ITSELF) break;                                                                          \
            }                                                                                                           \
        }                                                                                                               \
        V *target = (V *)(out + at);                                                                                    \
        EACH(C_LAST)                                                                                                    \
    }
#define C_FIRST(a, j) a = b[j];
#define C_PLUS(a, j) a += b[j];
#define C_MINUS(a, j) a -= b[j];
#define C_FROM(a, j) a = b[j] - a;
#define C_TIMES(a, j) a *= b[j];
#define C_OVER(a, j) a /= b[j];
#define C_UNDER(a, j) a = b[j] / a;
#define C_MINUS_IT(a, j) a = -a;
#define C_ITSELF(a, j) a *= a;
#define C_TO_ITSELF(a, j) a += a;
#define C_LAST(a, j) target[j] = a;
#define C_EIGHT(DO) DO(a0, 0) DO(a1, 1) DO(a2, 2) DO(a3, 3) DO(a4, 4) DO(a5, 5) DO(a6, 6) DO(a7, 7)
#define C_ONE(DO) DO(a0, 0)

#define C_CHAIN(T, dtype)                                                                                               \
    typedef T V_##dtype __attribute__((vector_size(BYTES), aligned(sizeof(T)), may_alias));                             \
    typedef T V16_##dtype __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));                              \
    typedef T V1_##dtype __attribute__((may_alias));                                                                    \
    static void chain_##dtype(const unsigned char *op, int count, char **args, const ptrdiff_t *steps, ptrdiff_t n)     \
    {                                                                                                                   \
        T same[C_AT_MOST + 1][8 * BYTES / sizeof(T)];                                                                   \
        const char *x[C_AT_MOST + 1];                                                                                   \
        ptrdiff_t moves[C_AT_MOST + 1], at = 0, end = n * (ptrdiff_t)sizeof(T);                                         \
        int operands = 1;                                                                                               \
        for (int i = 0; i < count; i++) operands += op[i] < C_NEG;                                                      \
        for (int i = 0; i < operands; i++) {                                                                            \
            x[i] = args[i];                                                                                             \
            moves[i] = -1;                                                                                              \
            if (steps[i] == 0) {                                                                                        \
                const T element = *(const T *)args[i];                                                                  \
                for (size_t j = 0; j < 8 * BYTES / sizeof(T); j++) same[i][j] = element;                                \
                x[i] = (const char *)same[i];                                                                           \
                moves[i] = 0;                                                                                           \
            }                                                                                                           \
        }                                                                                                               \
        char *const out = args[operands];                                                                               \
        for (; end - at >= 8 * BYTES; at += 8 * BYTES) {                                                                \
            V_##dtype a0, a1, a2, a3, a4, a5, a6, a7;                                                                   \
            C_RUN(V_##dtype, C_EIGHT)                                                                                   \
        }                                                                                                               \
        for (; end - at >= BYTES; at += BYTES) {                                                                        \
            V_##dtype a0;                                                                                               \
            C_RUN(V_##dtype, C_ONE)                                                                                     \
        }                                                                                                               \
        for (; end - at >= 16; at += 16) {                                                                              \
            V16_##dtype a0;                                                                                             \
            C_RUN(V16_##dtype, C_ONE)                                                                                   \
        }                                                                                                               \
        for (; at < end; at += (ptrdiff_t)sizeof(T)) {                                                                  \
            V1_##dtype a0;                                                                                              \
            C_RUN(V1_##dtype, C_ONE)                                                                                    \
        }                                                                                                               \
    }

#else

/* Without vectors in the language: a block at a time. */
#define C_CHAIN(T, dtype)                                                                                               \
    static void chain_##dtype(const unsigned char *op, int count, char **args, const ptrdiff_t *steps, ptrdiff_t n)     \
    {                                                                                                                   \
        T acc[64];                                                                                                      \
        int operands = 1;                                                                                               \
        for (int i = 0; i < count; i++) operands += op[i] < C_NEG;                                                      \
        for (ptrdiff_t at = 0; at < n; at += 64) {                                                                      \
            const int m = (int)(n - at < 64 ? n - at : 64);                                                             \
            int k = 1;                                                                                                  \
            for (int j = 0; j < m; j++) acc[j] = *(const T *)(args[0] + steps[0] * (at + j));                           \
            for (int i = 0; i < count; i++) {                                                                           \
                const char *b = op[i] < C_NEG ? args[k] + steps[k] * at : NULL;                                         \
                const ptrdiff_t step = op[i] < C_NEG ? steps[k++] : 0;                                                  \
                switch (op[i]) {                                                                                        \
                    case C_ADD: for (int j = 0; j < m; j++) acc[j] += *(const T *)(b + step * j); break;                \
                    case C_SUB: for (int j = 0; j < m; j++) acc[j] -= *(const T *)(b + step * j); break;                \
                    case C_SUB_FROM: for (int j = 0; j < m; j++) acc[j] = *(const T *)(b + step * j) - acc[j]; break;   \
                    case C_MUL: for (int j = 0; j < m; j++) acc[j] *= *(const T *)(b + step * j); break;                \
                    case C_DIV: for (int j = 0; j < m; j++) acc[j] /= *(const T *)(b + step * j); break;                \
                    case C_DIV_INTO: for (int j = 0; j < m; j++) acc[j] = *(const T *)(b + step * j) / acc[j]; break;   \
                    case C_NEG: for (int j = 0; j < m; j++) acc[j] = -acc[j]; break;                                    \
                    case C_TWICE: for (int j = 0; j < m; j++) acc[j] += acc[j]; break;                                  \
                    default: for (int j = 0; j < m; j++) acc[j] *= acc[j]; break;                                       \
                }                                                                                                       \
            }                                                                                                           \
            memcpy((T *)args[operands] + at, acc, sizeof(T) * (size_t)m);                                               \
        }                                                                                                               \
    }

#endif

/* In the order of NumPy's pairwise sum, whose bits they have: eight sums side by side, and what is left after them.  A call of its
   loop for each row of 20 takes three times as long. */
#define C_SUMS(T, dtype)                                                                                                \
    static void sums_##dtype(ptrdiff_t rows, ptrdiff_t columns, const char *x, ptrdiff_t step, char *out)               \
    {                                                                                                                   \
        const ptrdiff_t whole = columns - columns % 8;                                                                  \
        for (ptrdiff_t row = 0; row < rows; row++, x += step) {                                                         \
            const T *const a = (const T *)x;                                                                            \
            ptrdiff_t i = 0;                                                                                            \
            T sum = 0;                                                                                                  \
            if (whole) {                                                                                                \
                T r[8];                                                                                                 \
                for (int k = 0; k < 8; k++) r[k] = a[k];                                                                \
                for (i = 8; i < whole; i += 8) {                                                                        \
                    for (int k = 0; k < 8; k++) r[k] += a[i + k];                                                       \
                }                                                                                                       \
                sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));                                \
            }                                                                                                           \
            for (; i < columns; i++) sum += a[i];                                                                       \
            ((T *)out)[row] = 0 + sum;      /* no -0, as what is added to 0 */                                          \
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
