/* Linear algebra of small matrices, values and cotangents, one at a time or a batch: of 3x3 a call of LAPACK by way of NumPy is
   1.4 us and the work 0.05, and of a batch of 1,000 NumPy's loop is at 0.2 to 0.9 of PyTorch's speed.

   Matrices lie in rows, one after the other, and are of at most AUTODIFF_SMALL_MATRIX rows.  Methods are LAPACK's, elimination
   with partial pivoting and Cholesky's, so that errors are bounded as its are.  A function of a value returns 0 where it is done,
   and 1, with nothing said of what it has written, where a matrix is singular, not positive-definite or not finite: then the
   row's helper computes and says what is wrong.  A function of a cotangent adds it into place, which is zeros. */
#ifndef AUTODIFF_MATRICES_H
#define AUTODIFF_MATRICES_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

/* Beyond, the blocks of LAPACK and BLAS gain more than their calls cost. */
#define AUTODIFF_SMALL_MATRIX 32

#define AUTODIFF_MATRICES(T, NAME, FABS, SQRT, LOG, EPSILON)                                                              \
    /* x = P L U in place; order[i] is the row that came to i.  The sign of P; 0 where a pivot is 0 or not finite. */     \
    static inline int autodiff_factors_##NAME(int n, T *x, int *order)                                                    \
    {                                                                                                                     \
        int sign = 1;                                                                                                     \
        for (int i = 0; i < n; i++) {                                                                                     \
            order[i] = i;                                                                                                 \
        }                                                                                                                 \
        for (int k = 0; k < n; k++) {                                                                                     \
            int best = k;                                                                                                 \
            for (int i = k + 1; i < n; i++) {                                                                             \
                best = FABS(x[i * n + k]) > FABS(x[best * n + k]) ? i : best;                                             \
            }                                                                                                             \
            T pivot = x[best * n + k];                                                                                    \
            if (pivot == 0 || pivot - pivot != 0) {                                                                       \
                return 0;                                                                                                 \
            }                                                                                                             \
            if (best != k) {                                                                                              \
                for (int j = 0; j < n; j++) {                                                                             \
                    T other = x[k * n + j];                                                                               \
                    x[k * n + j] = x[best * n + j];                                                                       \
                    x[best * n + j] = other;                                                                              \
                }                                                                                                         \
                int row = order[k];                                                                                       \
                order[k] = order[best];                                                                                   \
                order[best] = row;                                                                                        \
                sign = -sign;                                                                                             \
            }                                                                                                             \
            for (int i = k + 1; i < n; i++) {                                                                             \
                T factor = x[i * n + k] /= pivot;                                                                         \
                for (int j = k + 1; j < n; j++) {                                                                         \
                    x[i * n + j] -= factor * x[k * n + j];                                                                \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return sign;                                                                                                      \
    }                                                                                                                     \
    /* out = x^-1 b of k columns, from the factors. */                                                                    \
    static inline void autodiff_substitute_##NAME(int n, ptrdiff_t k, const T *lu, const int *order, const T *b, T *out)  \
    {                                                                                                                     \
        for (int i = 0; i < n; i++) {                                                                                     \
            memcpy(out + i * k, b + order[i] * k, (size_t)k * sizeof(T));                                                 \
            for (int j = 0; j < i; j++) {                                                                                 \
                T factor = lu[i * n + j];                                                                                 \
                for (ptrdiff_t c = 0; c < k; c++) {                                                                       \
                    out[i * k + c] -= factor * out[j * k + c];                                                            \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        for (int i = n - 1; i >= 0; i--) {                                                                                \
            for (int j = i + 1; j < n; j++) {                                                                             \
                T factor = lu[i * n + j];                                                                                 \
                for (ptrdiff_t c = 0; c < k; c++) {                                                                       \
                    out[i * k + c] -= factor * out[j * k + c];                                                            \
                }                                                                                                         \
            }                                                                                                             \
            for (ptrdiff_t c = 0; c < k; c++) {                                                                           \
                out[i * k + c] /= lu[i * n + i];                                                                          \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    static inline int autodiff_finite_##NAME(ptrdiff_t n, const T *x)                                                     \
    {                                                                                                                     \
        T sum = 0;                                                                                                        \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                               \
            sum += x[i] - x[i];                                                                                           \
        }                                                                                                                 \
        return sum == 0;                                                                                                  \
    }                                                                                                                     \
    static inline void autodiff_turn_##NAME(int m, int n, const T *x, T *out)                                             \
    {                                                                                                                     \
        for (int i = 0; i < m; i++) {                                                                                     \
            for (int j = 0; j < n; j++) {                                                                                 \
                out[j * m + i] = x[i * n + j];                                                                            \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    /* out += factor x y, m x k times k x n; along rows, so that the compiler makes vectors of the innermost loop. */     \
    static inline void autodiff_add_product_##NAME(int m, int k, int n, T factor, const T *x, const T *y, T *out)         \
    {                                                                                                                     \
        for (int i = 0; i < m; i++) {                                                                                     \
            for (int c = 0; c < k; c++) {                                                                                 \
                T times = factor * x[i * k + c];                                                                          \
                for (int j = 0; j < n; j++) {                                                                             \
                    out[i * n + j] += times * y[c * n + j];                                                               \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    static inline int autodiff_solve_##NAME(ptrdiff_t count, int n, ptrdiff_t k, int turned, const T *x, const T *b,      \
                                            T *out)                                                                       \
    {                                                                                                                     \
        T lu[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                              \
        int order[AUTODIFF_SMALL_MATRIX];                                                                                 \
        for (; count; count--, x += n * n, b += n * k, out += n * k) {                                                    \
            if (turned) {                                                                                                 \
                autodiff_turn_##NAME(n, n, x, lu);                                                                        \
            } else {                                                                                                      \
                memcpy(lu, x, sizeof(T) * (size_t)(n * n));                                                               \
            }                                                                                                             \
            if (!autodiff_factors_##NAME(n, lu, order)) {                                                                 \
                return 1;                                                                                                 \
            }                                                                                                             \
            autodiff_substitute_##NAME(n, k, lu, order, b, out);                                                          \
            if (!autodiff_finite_##NAME(n * k, out)) {                                                                    \
                return 1;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    static inline int autodiff_inverse_##NAME(ptrdiff_t count, int n, const T *x, T *out)                                 \
    {                                                                                                                     \
        T one[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX] = {0};                                                       \
        for (int i = 0; i < n; i++) {                                                                                     \
            one[i * n + i] = 1;                                                                                           \
        }                                                                                                                 \
        for (; count; count--, x += n * n, out += n * n) {                                                                \
            if (autodiff_solve_##NAME(1, n, n, 0, x, one, out)) {                                                         \
                return 1;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* The determinant, or the logarithm of its absolute value. */                                                        \
    static inline int autodiff_determinant_##NAME(ptrdiff_t count, int n, int logarithm, const T *x, T *out)              \
    {                                                                                                                     \
        T lu[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                              \
        int order[AUTODIFF_SMALL_MATRIX];                                                                                 \
        for (; count; count--, x += n * n, out++) {                                                                       \
            memcpy(lu, x, sizeof(T) * (size_t)(n * n));                                                                   \
            int sign = autodiff_factors_##NAME(n, lu, order);                                                             \
            if (!sign) {                                                                                                  \
                return 1;                                                                                                 \
            }                                                                                                             \
            T found = logarithm ? 0 : (T)sign;                                                                            \
            for (int i = 0; i < n; i++) {                                                                                 \
                if (logarithm) {                                                                                          \
                    found += LOG(FABS(lu[i * n + i]));                                                                    \
                } else {                                                                                                  \
                    found *= lu[i * n + i];                                                                               \
                }                                                                                                         \
            }                                                                                                             \
            if (found - found != 0) {                                                                                     \
                return 1;                                                                                                 \
            }                                                                                                             \
            *out = found;                                                                                                 \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* The lower factor, of what stands in the lower triangle. */                                                         \
    static inline int autodiff_cholesky_##NAME(ptrdiff_t count, int n, const T *x, T *out)                                \
    {                                                                                                                     \
        for (; count; count--, x += n * n, out += n * n) {                                                                \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    T sum = j > i ? 0 : x[i * n + j];                                                                     \
                    for (int k = 0; k < j && j <= i; k++) {                                                               \
                        sum -= out[i * n + k] * out[j * n + k];                                                           \
                    }                                                                                                     \
                    if (j == i && !(sum > 0 && sum - sum == 0)) {                                                         \
                        return 1;                                                                                         \
                    }                                                                                                     \
                    out[i * n + j] = j > i ? 0 : j == i ? SQRT(sum) : sum / out[j * n + j];                               \
                }                                                                                                         \
            }                                                                                                             \
            if (!autodiff_finite_##NAME(n * n, out)) {                                                                    \
                return 1;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* x = Q R by LAPACK's reflections, so that the signs are its: q is m x n, r n x n, m >= n.  1 where x is not finite. */\
    static inline int autodiff_qr_##NAME(ptrdiff_t count, int m, int n, const T *x, T *out)                               \
    {                                                                                                                     \
        T a[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], tau[AUTODIFF_SMALL_MATRIX], sums[AUTODIFF_SMALL_MATRIX];      \
        for (; count; count--, x += m * n, out += (m + n) * n) {                                                          \
            T *q = out, *r = out + m * n;                                                                                 \
            memcpy(a, x, sizeof(T) * (size_t)(m * n));                                                                    \
            for (int j = 0; j < n; j++) {                                                                                 \
                T scale = 0, norm = 0, alpha = a[j * n + j];                                                              \
                for (int i = j + 1; i < m; i++) {                                                                         \
                    scale = FABS(a[i * n + j]) > scale ? FABS(a[i * n + j]) : scale;                                      \
                }                                                                                                         \
                tau[j] = 0;                                                                                               \
                if (scale == 0) {                                                                                         \
                    continue;                                                                                             \
                }                                                                                                         \
                scale = FABS(alpha) > scale ? FABS(alpha) : scale;                                                        \
                for (int i = j; i < m; i++) {                                                                             \
                    T part = a[i * n + j] / scale;                                                                        \
                    norm += part * part;                                                                                  \
                }                                                                                                         \
                T beta = scale * SQRT(norm) * (alpha >= 0 ? -1 : 1);                                                       \
                tau[j] = (beta - alpha) / beta;                                                                           \
                memset(sums, 0, sizeof sums);                                                                             \
                for (int i = j; i < m; i++) {                                                                             \
                    T v = i == j ? 1 : (a[i * n + j] /= alpha - beta);                                                    \
                    for (int c = j + 1; c < n; c++) {                                                                     \
                        sums[c] += v * a[i * n + c];                                                                      \
                    }                                                                                                     \
                }                                                                                                         \
                for (int i = j; i < m; i++) {                                                                             \
                    T v = tau[j] * (i == j ? 1 : a[i * n + j]);                                                           \
                    for (int c = j + 1; c < n; c++) {                                                                     \
                        a[i * n + c] -= v * sums[c];                                                                      \
                    }                                                                                                     \
                }                                                                                                         \
                a[j * n + j] = beta;                                                                                      \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    r[i * n + j] = j < i ? 0 : a[i * n + j];                                                              \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < m; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    q[i * n + j] = i == j;                                                                                \
                }                                                                                                         \
            }                                                                                                             \
            for (int j = n - 1; j >= 0; j--) {                                                                            \
                memset(sums, 0, sizeof sums);                                                                             \
                for (int i = j; i < m; i++) {                                                                             \
                    T v = i == j ? 1 : a[i * n + j];                                                                      \
                    for (int c = j; c < n; c++) {                                                                         \
                        sums[c] += v * q[i * n + c];                                                                      \
                    }                                                                                                     \
                }                                                                                                         \
                for (int i = j; i < m; i++) {                                                                             \
                    T v = tau[j] * (i == j ? 1 : a[i * n + j]);                                                           \
                    for (int c = j; c < n; c++) {                                                                         \
                        q[i * n + c] -= v * sums[c];                                                                      \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
            if (!autodiff_finite_##NAME((m + n) * n, out)) {                                                              \
                return 1;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* -y^T g y^T, of the inverse y: Giles 2008, 2.2.1. */                                                                \
    static inline void autodiff_inverse_dx_##NAME(ptrdiff_t count, int n, const T *y, const T *g, T *place)               \
    {                                                                                                                     \
        T turned[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], half[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];     \
        for (; count; count--, y += n * n, g += n * n, place += n * n) {                                                  \
            autodiff_turn_##NAME(n, n, y, turned);                                                                        \
            memset(half, 0, sizeof(T) * (size_t)(n * n));                                                                 \
            autodiff_add_product_##NAME(n, n, n, 1, turned, g, half);                                                     \
            autodiff_add_product_##NAME(n, n, n, 1, half, turned, place);                                                 \
            for (int i = 0; i < n * n; i++) {                                                                             \
                place[i] = -place[i];       /* -0.0 where PyTorch has it */                                               \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    /* g times the cofactors, or of the logarithm g x^-T.  The cofactors of up to 3 rows are exact for singular matrices, too;\
       of more they are det(x) x^-T where the pivots say that no digits are lost.  1 for others. */                       \
    static inline int autodiff_determinant_dx_##NAME(ptrdiff_t count, int n, int logarithm, const T *x, const T *g,       \
                                                     T *place)                                                            \
    {                                                                                                                     \
        T other[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], lu[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];        \
        T one[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                             \
        int order[AUTODIFF_SMALL_MATRIX];                                                                                 \
        memset(one, 0, sizeof(T) * (size_t)(n * n));                                                                      \
        for (int i = 0; i < n; i++) {                                                                                     \
            one[i * n + i] = 1;                                                                                           \
        }                                                                                                                 \
        for (; count; count--, x += n * n, g++, place += n * n) {                                                         \
            if (logarithm || n > 3) {                                                                                     \
                memcpy(lu, x, sizeof(T) * (size_t)(n * n));                                                               \
                T factor = (T)autodiff_factors_##NAME(n, lu, order), least = FABS(lu[0]), most = least;                   \
                for (int i = 0; i < n; i++) {                                                                             \
                    factor *= logarithm ? 1 : lu[i * n + i];                                                              \
                    least = FABS(lu[i * n + i]) < least ? FABS(lu[i * n + i]) : least;                                    \
                    most = FABS(lu[i * n + i]) > most ? FABS(lu[i * n + i]) : most;                                       \
                }                                                                                                         \
                if (factor == 0 || factor - factor != 0 || (!logarithm && !(least > most / 1024))) {                      \
                    return 1;                                                                                             \
                }                                                                                                         \
                autodiff_substitute_##NAME(n, n, lu, order, one, other);                                                  \
                if (!autodiff_finite_##NAME(n * n, other)) {                                                              \
                    return 1;                                                                                             \
                }                                                                                                         \
                factor = logarithm ? *g : factor * *g;                                                                    \
                for (int i = 0; i < n; i++) {                                                                             \
                    for (int j = 0; j < n; j++) {                                                                         \
                        place[i * n + j] += factor * other[j * n + i];                                                    \
                    }                                                                                                     \
                }                                                                                                         \
            } else if (n == 1) {                                                                                          \
                *place += *g;                                                                                             \
            } else if (n == 2) {                                                                                          \
                place[0] += *g * x[3];                                                                                    \
                place[1] -= *g * x[2];                                                                                    \
                place[2] -= *g * x[1];                                                                                    \
                place[3] += *g * x[0];                                                                                    \
            } else {                                                                                                      \
                for (int i = 0; i < 3; i++) {                                                                             \
                    const T *a = x + (i + 1) % 3 * 3, *b = x + (i + 2) % 3 * 3;                                           \
                    place[i * 3] += *g * (a[1] * b[2] - a[2] * b[1]);                                                     \
                    place[i * 3 + 1] += *g * (a[2] * b[0] - a[0] * b[2]);                                                 \
                    place[i * 3 + 2] += *g * (a[0] * b[1] - a[1] * b[0]);                                                 \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* x^-T g of a solution y, into room; and minus its product with y into left, unless that is NULL: Giles 2008, 2.3.1. \
       turned: y solved x^T y = b. */                                                                                     \
    static inline int autodiff_solve_dx_##NAME(ptrdiff_t count, int n, ptrdiff_t k, int turned, const T *x, const T *y,   \
                                               const T *g, T *room, T *left)                                              \
    {                                                                                                                     \
        if (autodiff_solve_##NAME(count, n, k, !turned, x, g, room)) {                                                    \
            return 1;                                                                                                     \
        }                                                                                                                 \
        for (; left && count; count--, y += n * k, room += n * k, left += n * n) {                                        \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    T sum = 0;                                                                                            \
                    for (ptrdiff_t c = 0; c < k; c++) {                                                                   \
                        sum += room[i * k + c] * y[j * k + c];                                                            \
                    }                                                                                                     \
                    left[turned ? j * n + i : i * n + j] = -sum;                                                          \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* L^-T P L^-1, P the lower triangle of L^T g with half of its diagonal, symmetrised:  Murray 2016, 3.  triangle: what\
       a function of the lower triangle alone has there. */                                                               \
    static inline void autodiff_cholesky_dx_##NAME(ptrdiff_t count, int n, int triangle, const T *y, const T *g, T *place)\
    {                                                                                                                     \
        T p[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                               \
        for (; count; count--, y += n * n, g += n * n, place += n * n) {                                                  \
            memset(p, 0, sizeof(T) * (size_t)(n * n));                                                                    \
            for (int k = 0; k < n; k++) {                                                                                 \
                for (int i = 0; i <= k; i++) {                                                                            \
                    for (int j = 0; j <= i; j++) {                                                                        \
                        p[i * n + j] += y[k * n + i] * g[k * n + j];                                                      \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j <= i; j++) {                                                                            \
                    p[i * n + j] = p[j * n + i] = p[i * n + j] / 2;                                                       \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = n - 1; i >= 0; i--) {                                                                            \
                for (int k = i + 1; k < n; k++) {                                                                         \
                    T factor = y[k * n + i];                                                                              \
                    for (int j = 0; j < n; j++) {                                                                         \
                        p[i * n + j] -= factor * p[k * n + j];                                                            \
                    }                                                                                                     \
                }                                                                                                         \
                T pivot = y[i * n + i];                                                                                   \
                for (int j = 0; j < n; j++) {                                                                             \
                    p[i * n + j] /= pivot;                                                                                \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = n - 1; j >= 0; j--) {                                                                        \
                    T factor = p[i * n + j] /= y[j * n + j];                                                              \
                    for (int c = 0; c < j; c++) {                                                                         \
                        p[i * n + c] -= factor * y[j * n + c];                                                            \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    T sum = (p[i * n + j] + p[j * n + i]) / 2;                                                            \
                    place[i * n + j] += !triangle || i == j ? sum : j < i ? 2 * sum : 0;                                  \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
    }                                                                                                                     \
    static inline T autodiff_norm_##NAME(int n, const T *x)                                                               \
    {                                                                                                                     \
        T top = 0;                                                                                                        \
        for (int j = 0; j < n; j++) {                                                                                     \
            T sum = 0;                                                                                                    \
            for (int i = 0; i < n; i++) {                                                                                 \
                sum += FABS(x[i * n + j]);                                                                                \
            }                                                                                                             \
            top = sum > top || sum != sum ? sum : top;                                                                    \
        }                                                                                                                 \
        return top;                                                                                                       \
    }                                                                                                                     \
    /* Whether y are inverses with correct digits, each far from having a singular value that the tolerances count as 0: then\
       they are pseudoinverses.  By norms that are up to sqrt(n) times that of singular values. */                        \
    static inline int autodiff_inverts_##NAME(ptrdiff_t count, int n, double atol, double rtol, const T *x, const T *y)   \
    {                                                                                                                     \
        for (; count; count--, x += n * n, y += n * n) {                                                                  \
            double size = (double)autodiff_norm_##NAME(n, x), inverse = (double)autodiff_norm_##NAME(n, y), trace = 0;    \
            double cutoff = rtol * sqrt((double)n) * size > atol ? rtol * sqrt((double)n) * size : atol;                  \
            if (!(size * inverse * sqrt((double)EPSILON) < 0.01 && cutoff * sqrt((double)n) * inverse < 1)) {             \
                return 0;                                                                                                 \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    trace += (double)x[i * n + j] * (double)y[j * n + i];                                                 \
                }                                                                                                         \
            }                                                                                                             \
            if (!(trace > n - 0.5)) {           /* the rank of their product */                                           \
                return 0;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 1;                                                                                                         \
    }                                                                                                                     \
    static inline void autodiff_product_##NAME(int n, const T *x, const T *y, T *out)                                     \
    {                                                                                                                     \
        memset(out, 0, sizeof(T) * (size_t)(n * n));                                                                      \
        autodiff_add_product_##NAME(n, n, n, 1, x, y, out);                                                               \
    }                                                                                                                     \
    /* How often a matrix is halved before its exponential: by norms of its powers, and more often where the sizes of its \
       elements say that the error of the approximant is larger: Al-Mohy and Higham 2009. */                              \
    static inline int autodiff_halvings_##NAME(int n, const T *a, int degree, double reach)                               \
    {                                                                                                                     \
        T second[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], fourth[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],   \
            other[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                         \
        autodiff_product_##NAME(n, a, a, second);                                                                         \
        autodiff_product_##NAME(n, second, second, fourth);                                                               \
        double d4 = pow((double)autodiff_norm_##NAME(n, fourth), 1.0 / 4);                                                \
        autodiff_product_##NAME(n, second, fourth, other);                                                                \
        double d6 = pow((double)autodiff_norm_##NAME(n, other), 1.0 / 6);                                                 \
        autodiff_product_##NAME(n, fourth, fourth, other);                                                                \
        double d8 = pow((double)autodiff_norm_##NAME(n, other), 1.0 / 8);                                                 \
        double one = d4 > d6 ? d4 : d6, two = d6 > d8 ? d6 : d8, size = one < two ? one : two;                            \
        if (d4 - d4 != 0 || d6 - d6 != 0 || d8 - d8 != 0) {       /* powers that overflow */                              \
            size = (double)autodiff_norm_##NAME(n, a);                                                                    \
        }                                                                                                                 \
        int found = size > reach ? (int)ceil(log2(size / reach)) : 0;                                                     \
        T row[AUTODIFF_SMALL_MATRIX], next[AUTODIFF_SMALL_MATRIX];                                                        \
        for (int i = 0; i < n * n; i++) {                                                                                 \
            other[i] = (T)ldexp((double)FABS(a[i]), -found);                                                              \
        }                                                                                                                 \
        for (int j = 0; j < n; j++) {                                                                                     \
            row[j] = 1;                                                                                                   \
        }                                                                                                                 \
        double error = 1, top = 0, norm = (double)autodiff_norm_##NAME(n, other);                                         \
        for (int k = 0; k < 2 * degree + 1; k++) {                                                                        \
            memset(next, 0, sizeof next);                                                                                 \
            autodiff_add_product_##NAME(1, n, n, 1, row, other, next);                                                    \
            memcpy(row, next, sizeof(T) * (size_t)n);                                                                     \
        }                                                                                                                 \
        for (int j = 0; j < n; j++) {                                                                                     \
            top = row[j] > top ? (double)row[j] : top;                                                                    \
        }                                                                                                                 \
        for (int k = 1; k <= degree; k++) {         /* degree!^2 / (2 degree)! / (2 degree + 1)! */                       \
            error *= (double)k / (degree + k) / (degree + k);                                                             \
        }                                                                                                                 \
        error *= top / (norm > 0 ? norm : 1) / (2 * degree + 1);                                                          \
        double more = error > 0 ? ceil(log2(error / (EPSILON / 2)) / (2 * degree)) : 0;                                   \
        return found + (more > 0 && more - more == 0 ? (int)more : 0);                                                    \
    }                                                                                                                     \
    /* The exponential by an approximant of Pade, scaled and squared; a is overwritten.  1 where it is not finite. */     \
    static inline int autodiff_exponential_##NAME(int n, T *a, T *out)                                                    \
    {                                                                                                                     \
        static const double coefficients[5][14] = {                                                                       \
            {120, 60, 12, 1}, {30240, 15120, 3360, 420, 30, 1},                                                           \
            {17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1},                                                     \
            {17643225600., 8821612800., 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1},                   \
            {64764752532480000., 32382376266240000., 7771770303897600., 1187353796428800., 129060195264000.,              \
             10559470521600., 670442572800., 33522128640., 1323241920, 40840800, 960960, 16380, 182, 1}};                 \
        static const double of_float[3] = {4.258730016922831e-1, 1.880152677804762, 3.925724783138660},                   \
            of_double[5] = {1.495585217958292e-2, 2.539398330063230e-1, 9.504178996162932e-1, 2.097847961257068, 4.25};   \
        T square[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], fourth[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],   \
            sixth[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], odd[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],     \
            even[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                          \
        int order[AUTODIFF_SMALL_MATRIX], size = n * n, times = 0, row = 0;                                               \
        const double *reach = sizeof(T) == sizeof(float) ? of_float : of_double;                                          \
        int last = sizeof(T) == sizeof(float) ? 2 : 4;                                                                    \
        double largest = (double)autodiff_norm_##NAME(n, a);                                                              \
        if (largest - largest != 0) {                                                                                     \
            return 1;                                                                                                     \
        }                                                                                                                 \
        while (row < last && largest > reach[row]) {                                                                      \
            row++;                                                                                                        \
        }                                                                                                                 \
        int degree = row == 4 ? 13 : 2 * row + 3;                                                                         \
        if (largest > reach[row]) {                                                                                       \
            times = autodiff_halvings_##NAME(n, a, degree, reach[row]);                                                   \
            T factor = (T)ldexp(1.0, -times);                                                                             \
            for (int i = 0; i < size; i++) {                                                                              \
                a[i] *= factor;                                                                                           \
            }                                                                                                             \
        }                                                                                                                 \
        const double *b = coefficients[row];                                                                              \
        autodiff_product_##NAME(n, a, a, square);                                                                         \
        if (degree == 13) {                                                                                               \
            autodiff_product_##NAME(n, square, square, fourth);                                                           \
            autodiff_product_##NAME(n, square, fourth, sixth);                                                            \
            for (int i = 0; i < size; i++) {                                                                              \
                out[i] = (T)b[13] * sixth[i] + (T)b[11] * fourth[i] + (T)b[9] * square[i];                                \
            }                                                                                                             \
            autodiff_product_##NAME(n, sixth, out, odd);                                                                  \
            for (int i = 0; i < size; i++) {                                                                              \
                odd[i] += (T)b[7] * sixth[i] + (T)b[5] * fourth[i] + (T)b[3] * square[i];                                 \
                out[i] = (T)b[12] * sixth[i] + (T)b[10] * fourth[i] + (T)b[8] * square[i];                                \
            }                                                                                                             \
            autodiff_product_##NAME(n, sixth, out, even);                                                                 \
            for (int i = 0; i < size; i++) {                                                                              \
                even[i] += (T)b[6] * sixth[i] + (T)b[4] * fourth[i] + (T)b[2] * square[i];                                \
            }                                                                                                             \
        } else {                                                                                                          \
            T *power = fourth, *next = sixth;                                                                             \
            memcpy(power, square, sizeof(T) * (size_t)size);                                                              \
            memset(odd, 0, sizeof(T) * (size_t)size);                                                                     \
            memset(even, 0, sizeof(T) * (size_t)size);                                                                    \
            for (int k = 1; k <= degree / 2; k++) {                                                                       \
                if (k > 1) {                                                                                              \
                    T *other = power;                                                                                     \
                    autodiff_product_##NAME(n, power, square, next);                                                      \
                    power = next;                                                                                         \
                    next = other;                                                                                         \
                }                                                                                                         \
                for (int i = 0; i < size; i++) {                                                                          \
                    odd[i] += (T)b[2 * k + 1] * power[i];                                                                 \
                    even[i] += (T)b[2 * k] * power[i];                                                                    \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        for (int i = 0; i < n; i++) {                                                                                     \
            odd[i * n + i] += (T)b[1];                                                                                    \
            even[i * n + i] += (T)b[0];                                                                                   \
        }                                                                                                                 \
        autodiff_product_##NAME(n, a, odd, square);                                                                       \
        for (int i = 0; i < size; i++) {                                                                                  \
            fourth[i] = even[i] - square[i];                                                                              \
            sixth[i] = even[i] + square[i];                                                                               \
        }                                                                                                                 \
        if (!autodiff_factors_##NAME(n, fourth, order)) {                                                                 \
            return 1;                                                                                                     \
        }                                                                                                                 \
        autodiff_substitute_##NAME(n, n, fourth, order, sixth, out);                                                      \
        for (; times > 0; times--) {                                                                                      \
            autodiff_product_##NAME(n, out, out, square);                                                                 \
            memcpy(out, square, sizeof(T) * (size_t)size);                                                                \
        }                                                                                                                 \
        return !autodiff_finite_##NAME(size, out);                                                                        \
    }                                                                                                                     \
    static inline int autodiff_matrix_exp_##NAME(ptrdiff_t count, int n, const T *x, T *out)                              \
    {                                                                                                                     \
        T a[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                               \
        for (; count; count--, x += n * n, out += n * n) {                                                                \
            memcpy(a, x, sizeof(T) * (size_t)(n * n));                                                                    \
            if (autodiff_exponential_##NAME(n, a, out)) {                                                                 \
                return 1;                                                                                                 \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* The derivative of the exponential of x^T along g, a block of the exponential of [[x^T, g], [0, x^T]], g scaled to the\
       size of x: Higham 2008, 3.2.  Of at most half as many rows as there is room for. */                                \
    static inline int autodiff_matrix_exp_dx_##NAME(ptrdiff_t count, int n, const T *x, const T *g, T *place)             \
    {                                                                                                                     \
        T block[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], found[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];     \
        int step = 2 * n;                                                                                                 \
        for (; count; count--, x += n * n, g += n * n, place += n * n) {                                                  \
            T size = autodiff_norm_##NAME(n, g), sought = autodiff_norm_##NAME(n, x), factor = 1;                         \
            if (size - size != 0) {                                                                                       \
                return 1;                                                                                                 \
            }                                                                                                             \
            if (size > 0) {                                                                                               \
                factor = size / (sought > 0 ? sought : 1);                                                                \
            }                                                                                                             \
            memset(block, 0, sizeof(T) * (size_t)(step * step));                                                          \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    block[i * step + j] = block[(n + i) * step + n + j] = x[j * n + i];                                   \
                    block[i * step + n + j] = g[i * n + j] / factor;                                                      \
                }                                                                                                         \
            }                                                                                                             \
            if (autodiff_exponential_##NAME(step, block, found)) {                                                        \
                return 1;                                                                                                 \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    place[i * n + j] += found[i * step + n + j] * factor;                                                 \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* How far values of a decomposition may be from true ones. */                                                        \
    static inline T autodiff_rounding_##NAME(int n, const T *values)                                                      \
    {                                                                                                                     \
        T top = 0;                                                                                                        \
        for (int i = 0; i < n; i++) {                                                                                     \
            top = FABS(values[i]) > top ? FABS(values[i]) : top;                                                          \
        }                                                                                                                 \
        return top * 4 * EPSILON * SQRT((T)n);                                                                            \
    }                                                                                                                     \
    static inline int autodiff_repeats_##NAME(int n, const T *values, T rounding)                                         \
    {                                                                                                                     \
        for (int i = 0; i < n; i++) {                                                                                     \
            for (int j = 0; j < i; j++) {                                                                                 \
                if (!(FABS(values[i] - values[j]) > rounding)) {                                                          \
                    return 1;                                                                                             \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* V (diag(gL) + skew(V^T gV) / (l_k - l_j)) V^T of eigenvalues in a first row and vectors below, as y and g have them:\
       Giles 2008, 3.1.  1, and nothing said of place, where values repeat. */                                            \
    static inline int autodiff_eigh_dx_##NAME(ptrdiff_t count, int n, const T *y, const T *g, T *place)                   \
    {                                                                                                                     \
        T inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], half[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],      \
            turned[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                        \
        size_t size = sizeof(T) * (size_t)(n * n);                                                                        \
        for (; count; count--, y += (n + 1) * n, g += (n + 1) * n, place += n * n) {                                      \
            const T *v = y + n, *gv = g + n;                                                                              \
            if (autodiff_repeats_##NAME(n, y, autodiff_rounding_##NAME(n, y))) {                                          \
                return 1;                                                                                                 \
            }                                                                                                             \
            autodiff_turn_##NAME(n, n, v, turned);                                                                        \
            memset(half, 0, size);                                                                                        \
            autodiff_add_product_##NAME(n, n, n, 1, turned, gv, half);                                                    \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < n; j++) {                                                                             \
                    inner[i * n + j] = i == j ? g[i] : (half[i * n + j] - half[j * n + i]) / 2 / (y[j] - y[i]);           \
                }                                                                                                         \
            }                                                                                                             \
            memset(half, 0, size);                                                                                        \
            autodiff_add_product_##NAME(n, n, n, 1, v, inner, half);                                                      \
            autodiff_add_product_##NAME(n, n, n, 1, half, turned, place);                                                 \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* U, S and V^T beside each other, m x k, k and k x n: Wan and Zhang 2019.  1 where values repeat or one is 0. */     \
    static inline int autodiff_svd_dx_##NAME(ptrdiff_t count, int m, int n, const T *y, const T *g, T *place)             \
    {                                                                                                                     \
        T of_u[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], of_v[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],       \
            inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], left[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],    \
            right[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                         \
        int k = m < n ? m : n, step = (m + n + 1) * k;                                                                    \
        size_t square = sizeof(T) * (size_t)(k * k);                                                                      \
        for (; count; count--, y += step, g += step, place += m * n) {                                                    \
            const T *u = y, *s = y + m * k, *v = s + k, *gu = g, *gs = g + m * k, *gv = gs + k;                           \
            T rounding = autodiff_rounding_##NAME(k, s);                                                                  \
            if (autodiff_repeats_##NAME(k, s, rounding) || !(s[k - 1] > rounding)) {                                      \
                return 1;                                                                                                 \
            }                                                                                                             \
            memset(of_u, 0, square);                                                                                      \
            autodiff_turn_##NAME(m, k, u, left);                                                                          \
            autodiff_add_product_##NAME(k, m, k, 1, left, gu, of_u);                                                      \
            memset(of_v, 0, square);                                                                                      \
            autodiff_turn_##NAME(k, n, gv, right);                                                                        \
            autodiff_add_product_##NAME(k, n, k, 1, v, right, of_v);                                                      \
            for (int i = 0; i < k; i++) {                                                                                 \
                for (int j = 0; j < k; j++) {                                                                             \
                    T factor = i == j ? 0 : 1 / ((s[j] - s[i]) * (s[j] + s[i]));                                          \
                    inner[i * k + j] = i == j ? gs[i] : factor * ((of_u[i * k + j] - of_u[j * k + i]) * s[j]              \
                                                                  + s[i] * (of_v[i * k + j] - of_v[j * k + i]));          \
                }                                                                                                         \
            }                                                                                                             \
            /* What is outside of the spans of U, of a tall matrix, and of V, of a wide one. */                           \
            memcpy(left, gu, sizeof(T) * (size_t)(m * k));                                                                \
            memcpy(right, gv, sizeof(T) * (size_t)(n * k));                                                               \
            if (m > k) {                                                                                                  \
                autodiff_add_product_##NAME(m, k, k, -1, u, of_u, left);                                                  \
            }                                                                                                             \
            for (int i = 0; n > k && i < k; i++) {                                                                        \
                for (int d = 0; d < k; d++) {                                                                             \
                    for (int j = 0; j < n; j++) {                                                                         \
                        right[i * n + j] -= of_v[d * k + i] * v[d * n + j];                                               \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < m; i++) {                                                                                 \
                for (int j = 0; j < k; j++) {                                                                             \
                    left[i * k + j] = m > k ? left[i * k + j] / s[j] : 0;                                                 \
                }                                                                                                         \
            }                                                                                                             \
            autodiff_add_product_##NAME(m, k, k, 1, u, inner, left);                                                      \
            autodiff_add_product_##NAME(m, k, n, 1, left, v, place);                                                      \
            for (int i = 0; n > k && i < m; i++) {                                                                        \
                for (int c = 0; c < k; c++) {                                                                             \
                    T factor = u[i * k + c] / s[c];                                                                       \
                    for (int j = 0; j < n; j++) {                                                                         \
                        place[i * n + j] += factor * right[c * n + j];                                                    \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }                                                                                                                     \
    /* (gQ + Q H) R^-T, H symmetric with the upper triangle of gR R^T - Q^T gQ, of Q and R beside each other, m x n and n x n:\
       Walter and Lehmann 2010.  1 where a column depends on those before it. */                                          \
    static inline int autodiff_qr_dx_##NAME(ptrdiff_t count, int m, int n, const T *y, const T *g, T *place)              \
    {                                                                                                                     \
        T inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], diagonal[AUTODIFF_SMALL_MATRIX];                          \
        for (; count; count--, y += (m + n) * n, g += (m + n) * n, place += m * n) {                                      \
            const T *q = y, *r = y + m * n, *gq = g, *gr = g + m * n;                                                     \
            for (int i = 0; i < n; i++) {                                                                                 \
                diagonal[i] = r[i * n + i];                                                                               \
            }                                                                                                             \
            T rounding = autodiff_rounding_##NAME(n, diagonal);                                                           \
            for (int i = 0; i < n; i++) {                                                                                 \
                if (!(FABS(diagonal[i]) > rounding)) {                                                                    \
                    return 1;                                                                                             \
                }                                                                                                         \
                for (int j = i; j < n; j++) {                                                                             \
                    T sum = 0;                                                                                            \
                    for (int k = j; k < n; k++) {                                                                         \
                        sum += gr[i * n + k] * r[j * n + k];                                                              \
                    }                                                                                                     \
                    inner[i * n + j] = sum;                                                                               \
                }                                                                                                         \
            }                                                                                                             \
            for (int k = 0; k < m; k++) {                                                                                 \
                for (int i = 0; i < n; i++) {                                                                             \
                    T factor = q[k * n + i];                                                                              \
                    for (int j = i; j < n; j++) {                                                                         \
                        inner[i * n + j] -= factor * gq[k * n + j];                                                       \
                    }                                                                                                     \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < n; i++) {                                                                                 \
                for (int j = 0; j < i; j++) {                                                                             \
                    inner[i * n + j] = inner[j * n + i];                                                                  \
                }                                                                                                         \
            }                                                                                                             \
            for (int i = 0; i < m; i++) {                                                                                 \
                T row[AUTODIFF_SMALL_MATRIX];                                                                             \
                memcpy(row, gq + i * n, sizeof(T) * (size_t)n);                                                           \
                autodiff_add_product_##NAME(1, n, n, 1, q + i * n, inner, row);                                           \
                for (int j = n - 1; j >= 0; j--) {                                                                        \
                    for (int k = j + 1; k < n; k++) {                                                                     \
                        row[j] -= r[j * n + k] * row[k];                                                                  \
                    }                                                                                                     \
                    row[j] /= diagonal[j];                                                                                \
                    place[i * n + j] += row[j];                                                                           \
                }                                                                                                         \
            }                                                                                                             \
        }                                                                                                                 \
        return 0;                                                                                                         \
    }

AUTODIFF_MATRICES(double, double, fabs, sqrt, log, DBL_EPSILON)
AUTODIFF_MATRICES(float, float, fabsf, sqrtf, logf, FLT_EPSILON)

#endif
