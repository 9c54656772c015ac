/* Linear algebra of matrices beyond AUTODIFF_SMALL_MATRIX, in blocks whose products and triangular solutions are BLAS's: the
   routines are SciPy's, found at run time, as pointers of Fortran's convention with ints of 32 bits.  Matrices lie in rows, so
   that BLAS, to which they lie in columns, sees each transposed. */
#ifndef AUTODIFF_BLOCKS_H
#define AUTODIFF_BLOCKS_H

#include "matrices.h"

typedef void (*autodiff_gemm)(const char *, const char *, const int *, const int *, const int *, const void *, const void *,
                              const int *, const void *, const int *, const void *, void *, const int *);
typedef void (*autodiff_symm)(const char *, const char *, const int *, const int *, const void *, const void *, const int *,
                              const void *, const int *, const void *, void *, const int *);
typedef void (*autodiff_trsm)(const char *, const char *, const char *, const char *, const int *, const int *, const void *,
                              const void *, const int *, void *, const int *);

/* Of float64, and of float32.  trmm has the arguments of trsm. */
typedef struct {
    void *gemm[2], *symm[2], *trsm[2], *trmm[2];
} AutodiffBlas;

#define AUTODIFF_BLOCKS(T, NAME, WHICH)                                                                                   \
    /* op(T)^-1 b of triangles T with k right-hand sides; the other triangle is not read. */                              \
    static inline void autodiff_triangular_##NAME(const AutodiffBlas *blas, ptrdiff_t count, int n, int k, int upper,     \
                                                  int transposed, int unit, const T *x, const T *b, T *out)               \
    {                                                                                                                     \
        T one = 1;                                                                                                        \
        size_t size = (size_t)n * (size_t)n, sides = (size_t)n * (size_t)k;                                               \
        for (; count; count--, x += size, b += sides, out += sides) {                                                     \
            memcpy(out, b, sizeof(T) * sides);                                                                            \
            ((autodiff_trsm)blas->trsm[WHICH])("R", upper ? "L" : "U", transposed ? "T" : "N", unit ? "U" : "N", &k, &n,  \
                                               &one, x, &n, out, &k);                                                     \
        }                                                                                                                 \
    }                                                                                                                     \
    /* The cotangent of T, of the solution y and room, op(T)^-T g: minus a product in the triangle that is read. */       \
    static inline void autodiff_triangular_dx_##NAME(const AutodiffBlas *blas, ptrdiff_t count, int n, int k, int upper,  \
                                                     int transposed, int unit, const T *y, const T *room, T *place)       \
    {                                                                                                                     \
        T minus = -1, nothing = 0;                                                                                        \
        size_t size = (size_t)n * (size_t)n, sides = (size_t)n * (size_t)k;                                               \
        for (; count; count--, y += sides, room += sides, place += size) {                                                \
            const T *rows = transposed ? y : room, *columns = transposed ? room : y;                                      \
            if (k > 1) {                                                                                                  \
                ((autodiff_gemm)blas->gemm[WHICH])("T", "N", &n, &n, &k, &minus, columns, &k, rows, &k, &nothing, place,  \
                                                   &n);                                                                   \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                T *row = place + (size_t)i * n, factor = -rows[(size_t)i * k];                                            \
                int from = upper ? i + unit : 0, to = upper ? n : i + 1 - unit;                                           \
                for (int j = 0; j < from; j++) {                                                                          \
                    row[j] = 0;                                                                                           \
                }                                                                                                         \
                for (int j = from; k == 1 && j < to; j++) {                                                               \
                    row[j] = factor * columns[j];                                                                         \
                }                                                                                                         \
                for (int j = to; j < n; j++) {                                                                            \
                    row[j] = 0;                                                                                           \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    /* What autodiff_qr_dx adds into place, of matrices of any size; place is not read, room is of n x n.  1 where a column\
       depends on those before it. */                                                                                     \
    static inline int autodiff_qr_large_##NAME(const AutodiffBlas *blas, ptrdiff_t count, int m, int n, const T *y,       \
                                               const T *g, T *room, T *place)                                             \
    {                                                                                                                     \
        T one = 1, minus = -1, top = 0;                                                                                   \
        size_t size = (size_t)n * (size_t)n, tall = (size_t)m * (size_t)n;                                                \
        for (; count; count--, y += tall + size, g += tall + size, place += tall) {                                       \
            const T *r = y + tall, *gr = g + tall;                                                                        \
            for (int i = 0; i < n; i++) {                                                                                 \
                T pivot = r[(size_t)i * n + i] < 0 ? -r[(size_t)i * n + i] : r[(size_t)i * n + i];                        \
                top = i == 0 || pivot > top ? pivot : top;                                                                \
            }                                                                                                             \
            T rounding = autodiff_rounding_##NAME(1, &top) * (T)sqrt((double)n);                                          \
            for (int i = 0; i < n; i++) {                                                                                 \
                T pivot = r[(size_t)i * n + i];                                                                           \
                if (!(pivot > rounding || -pivot > rounding)) {                                                           \
                    return 1;                                                                                             \
                }                                                                                                         \
                memset(room + (size_t)i * n, 0, sizeof(T) * (size_t)i);                                                   \
                memcpy(room + (size_t)i * n + i, gr + (size_t)i * n + i, sizeof(T) * (size_t)(n - i));                    \
            }                                                                                                             \
            ((autodiff_trsm)blas->trmm[WHICH])("L", "L", "T", "N", &n, &n, &one, r, &n, room, &n);                        \
            for (int left = 0; left < n; left += 64) {           /* of Q^T gQ what is above the diagonal, in panels */    \
                int width = n - left < 64 ? n - left : 64, rows = left + width;                                           \
                ((autodiff_gemm)blas->gemm[WHICH])("N", "T", &width, &rows, &m, &minus, g + left, &n, y, &n, &one,        \
                                                   room + left, &n);                                                      \
            }                                                                                                             \
            memcpy(place, g, sizeof(T) * tall);                                                                           \
            ((autodiff_symm)blas->symm[WHICH])("L", "L", &n, &m, &one, room, &n, y, &n, &one, place, &n);                 \
            ((autodiff_trsm)blas->trsm[WHICH])("L", "L", "T", "N", &n, &m, &one, r, &n, place, &n);                       \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* The cotangent of the lower triangle of A = L L^T from that of L, in place of it, both lower triangles of rows of `step`\
       elements; what is above is overwritten.  Halves, the last first: Murray 2016, 5.1, whose blocks are of one size. */\
    static inline void autodiff_cholesky_blocks_##NAME(const AutodiffBlas *blas, int n, int step, const T *y, T *g)       \
    {                                                                                                                     \
        if (n <= AUTODIFF_SMALL_MATRIX) {                                                                                 \
            T factor[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], given[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],\
                found[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                     \
            for (int i = 0; i < n; i++) {                                                                                 \
                memcpy(factor + i * n, y + (size_t)i * step, sizeof(T) * (size_t)n);                                      \
                memcpy(given + i * n, g + (size_t)i * step, sizeof(T) * (size_t)n);                                       \
            }                                                                                                             \
            memset(found, 0, sizeof(T) * (size_t)(n * n));                                                                \
            autodiff_cholesky_dx_##NAME(1, n, 1, factor, given, found);                                                   \
            for (int i = 0; i < n; i++) {                                                                                 \
                memcpy(g + (size_t)i * step, found + i * n, sizeof(T) * (size_t)n);                                       \
            }                                                                                                             \
            return;                                                                                                       \
        }                                                                                                                 \
        /* L is D, and C and E below it. */                                                                               \
        int first = n / 2, rest = n - first;                                                                              \
        T one = 1, minus = -1;                                                                                            \
        size_t c = (size_t)first * step, e = c + first;                                                                   \
        autodiff_cholesky_blocks_##NAME(blas, rest, step, y + e, g + e);                                                  \
        /* gC - (gE + gE^T) C, then on the right of it D^-1. */                                                           \
        for (int i = 0; i < rest; i++) {                                                                                  \
            g[e + (size_t)i * step + i] *= 2;                                                                             \
        }                                                                                                                 \
        ((autodiff_symm)blas->symm[WHICH])("R", "U", &first, &rest, &minus, g + e, &step, y + c, &step, &one, g + c,      \
                                           &step);                                                                        \
        for (int i = 0; i < rest; i++) {                                                                                  \
            g[e + (size_t)i * step + i] /= 2;                                                                             \
        }                                                                                                                 \
        ((autodiff_trsm)blas->trsm[WHICH])("L", "U", "N", "N", &first, &rest, &one, y, &step, g + c, &step);              \
        /* gD - gC^T C, of which the lower triangle counts. */                                                            \
        ((autodiff_gemm)blas->gemm[WHICH])("N", "T", &first, &first, &rest, &minus, y + c, &step, g + c, &step, &one, g,  \
                                           &step);                                                                        \
        autodiff_cholesky_blocks_##NAME(blas, first, step, y, g);                                                         \
    }                                                                                                                     \
    /* What autodiff_cholesky_dx adds into place, of matrices of any size; place is not read. */                          \
    static inline void autodiff_cholesky_large_##NAME(const AutodiffBlas *blas, ptrdiff_t count, int n, int triangle,     \
                                                      const T *y, const T *g, T *place)                                   \
    {                                                                                                                     \
        size_t size = (size_t)n * (size_t)n;                                                                              \
        for (; count; count--, y += size, g += size, place += size) {                                                     \
            memcpy(place, g, sizeof(T) * size);                                                                           \
            autodiff_cholesky_blocks_##NAME(blas, n, n, y, place);                                                        \
            for (int top = 0; top < n; top += 16) {           /* in tiles, which stay in the cache while turned */        \
                for (int left = 0; left <= top; left += 16) {                                                             \
                    for (int i = top; i < top + 16 && i < n; i++) {                                                       \
                        for (int j = left; j < left + 16 && j < i; j++) {                                                 \
                            if (triangle) {                                                                               \
                                place[(size_t)j * n + i] = 0;                                                             \
                            } else {                                                                                      \
                                place[(size_t)i * n + j] = place[(size_t)j * n + i] = place[(size_t)i * n + j] / 2;       \
                            }                                                                                             \
                        }                                                                                                 \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
    }

AUTODIFF_BLOCKS(double, double, 0)
AUTODIFF_BLOCKS(float, float, 1)

#endif
