/* Linear algebra of small matrices, values and cotangents, one at a time or a batch: of 3x3 a call of LAPACK by way of NumPy is
   1.4 us and the work 0.05, and of a batch of 1,000 NumPy's loop is at 0.2 to 0.9 of PyTorch's speed.

   Matrices lie in rows, one after the other, and are of at most AUTODIFF_SMALL_MATRIX rows.  Methods are LAPACK's, elimination
   with partial pivoting and Cholesky's, so that errors are bounded as its are.  A function of a value returns 0 where it is done,
   and 1, with nothing said of what it has written, where a matrix is singular, not positive-definite or not finite: then the
   row's helper computes and says what is wrong.  A function of a cotangent adds it into place. */
#ifndef AUTODIFF_MATRICES_H
#define AUTODIFF_MATRICES_H

#include <math.h>
#include <stddef.h>
#include <string.h>

#define AUTODIFF_SMALL_MATRIX 8

#define AUTODIFF_MATRICES(T, NAME, FABS, SQRT, LOG)                                                                      \
    /* x = P L U in place; order[i] is the row that came to i.  The sign of P; 0 where a pivot is 0 or not finite. */    \
    static inline int autodiff_factors_##NAME(int n, T *x, int *order)                                                   \
    {                                                                                                                    \
        int sign = 1;                                                                                                    \
        for (int i = 0; i < n; i++) {                                                                                    \
            order[i] = i;                                                                                                \
        }                                                                                                                \
        for (int k = 0; k < n; k++) {                                                                                    \
            int best = k;                                                                                                \
            for (int i = k + 1; i < n; i++) {                                                                            \
                best = FABS(x[i * n + k]) > FABS(x[best * n + k]) ? i : best;                                            \
            }                                                                                                            \
            T pivot = x[best * n + k];                                                                                   \
            if (pivot == 0 || pivot - pivot != 0) {                                                                      \
                return 0;                                                                                                \
            }                                                                                                            \
            if (best != k) {                                                                                             \
                for (int j = 0; j < n; j++) {                                                                            \
                    T other = x[k * n + j];                                                                              \
                    x[k * n + j] = x[best * n + j];                                                                      \
                    x[best * n + j] = other;                                                                             \
                }                                                                                                        \
                int row = order[k];                                                                                      \
                order[k] = order[best];                                                                                  \
                order[best] = row;                                                                                       \
                sign = -sign;                                                                                            \
            }                                                                                                            \
            for (int i = k + 1; i < n; i++) {                                                                            \
                T factor = x[i * n + k] /= pivot;                                                                        \
                for (int j = k + 1; j < n; j++) {                                                                        \
                    x[i * n + j] -= factor * x[k * n + j];                                                               \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return sign;                                                                                                     \
    }                                                                                                                    \
    /* out = x^-1 b of k columns, from the factors. */                                                                   \
    static inline void autodiff_substitute_##NAME(int n, ptrdiff_t k, const T *lu, const int *order, const T *b, T *out) \
    {                                                                                                                    \
        for (int i = 0; i < n; i++) {                                                                                    \
            memcpy(out + i * k, b + order[i] * k, (size_t)k * sizeof(T));                                                \
            for (int j = 0; j < i; j++) {                                                                                \
                T factor = lu[i * n + j];                                                                                \
                for (ptrdiff_t c = 0; c < k; c++) {                                                                      \
                    out[i * k + c] -= factor * out[j * k + c];                                                           \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        for (int i = n - 1; i >= 0; i--) {                                                                               \
            for (int j = i + 1; j < n; j++) {                                                                            \
                T factor = lu[i * n + j];                                                                                \
                for (ptrdiff_t c = 0; c < k; c++) {                                                                      \
                    out[i * k + c] -= factor * out[j * k + c];                                                           \
                }                                                                                                        \
            }                                                                                                            \
            for (ptrdiff_t c = 0; c < k; c++) {                                                                          \
                out[i * k + c] /= lu[i * n + i];                                                                         \
            }                                                                                                            \
        }                                                                                                                \
    }                                                                                                                    \
    static inline int autodiff_finite_##NAME(ptrdiff_t n, const T *x)                                                    \
    {                                                                                                                    \
        T sum = 0;                                                                                                       \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                              \
            sum += x[i] - x[i];                                                                                          \
        }                                                                                                                \
        return sum == 0;                                                                                                 \
    }                                                                                                                    \
    static inline void autodiff_turn_##NAME(int n, const T *x, T *out)                                                   \
    {                                                                                                                    \
        for (int i = 0; i < n; i++) {                                                                                    \
            for (int j = 0; j < n; j++) {                                                                                \
                out[j * n + i] = x[i * n + j];                                                                           \
            }                                                                                                            \
        }                                                                                                                \
    }                                                                                                                    \
    /* out = x y, or x y^T, of matrices n x n. */                                                                        \
    static inline void autodiff_times_##NAME(int n, const T *x, const T *y, int turned, T *out)                          \
    {                                                                                                                    \
        for (int i = 0; i < n; i++) {                                                                                    \
            for (int j = 0; j < n; j++) {                                                                                \
                T sum = 0;                                                                                               \
                for (int k = 0; k < n; k++) {                                                                            \
                    sum += x[i * n + k] * (turned ? y[j * n + k] : y[k * n + j]);                                        \
                }                                                                                                        \
                out[i * n + j] = sum;                                                                                    \
            }                                                                                                            \
        }                                                                                                                \
    }                                                                                                                    \
    static inline int autodiff_solve_##NAME(ptrdiff_t count, int n, ptrdiff_t k, int turned, const T *x, const T *b,      \
                                            T *out)                                                                      \
    {                                                                                                                    \
        T lu[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                             \
        int order[AUTODIFF_SMALL_MATRIX];                                                                                \
        for (; count; count--, x += n * n, b += n * k, out += n * k) {                                                   \
            if (turned) {                                                                                                \
                autodiff_turn_##NAME(n, x, lu);                                                                          \
            } else {                                                                                                     \
                memcpy(lu, x, sizeof(T) * (size_t)(n * n));                                                              \
            }                                                                                                            \
            if (!autodiff_factors_##NAME(n, lu, order)) {                                                                \
                return 1;                                                                                                \
            }                                                                                                            \
            autodiff_substitute_##NAME(n, k, lu, order, b, out);                                                         \
            if (!autodiff_finite_##NAME(n * k, out)) {                                                                   \
                return 1;                                                                                                \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    static inline int autodiff_inverse_##NAME(ptrdiff_t count, int n, const T *x, T *out)                                \
    {                                                                                                                    \
        T one[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX] = {0};                                                      \
        for (int i = 0; i < n; i++) {                                                                                    \
            one[i * n + i] = 1;                                                                                          \
        }                                                                                                                \
        for (; count; count--, x += n * n, out += n * n) {                                                               \
            if (autodiff_solve_##NAME(1, n, n, 0, x, one, out)) {                                                        \
                return 1;                                                                                                \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* The determinant, or the logarithm of its absolute value. */                                                       \
    static inline int autodiff_determinant_##NAME(ptrdiff_t count, int n, int logarithm, const T *x, T *out)             \
    {                                                                                                                    \
        T lu[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                             \
        int order[AUTODIFF_SMALL_MATRIX];                                                                                \
        for (; count; count--, x += n * n, out++) {                                                                      \
            memcpy(lu, x, sizeof(T) * (size_t)(n * n));                                                                  \
            int sign = autodiff_factors_##NAME(n, lu, order);                                                            \
            if (!sign) {                                                                                                 \
                return 1;                                                                                                \
            }                                                                                                            \
            T found = logarithm ? 0 : (T)sign;                                                                           \
            for (int i = 0; i < n; i++) {                                                                                \
                if (logarithm) {                                                                                         \
                    found += LOG(FABS(lu[i * n + i]));                                                                   \
                } else {                                                                                                 \
                    found *= lu[i * n + i];                                                                              \
                }                                                                                                        \
            }                                                                                                            \
            if (found - found != 0) {                                                                                    \
                return 1;                                                                                                \
            }                                                                                                            \
            *out = found;                                                                                                \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* The lower factor, of what stands in the lower triangle. */                                                        \
    static inline int autodiff_cholesky_##NAME(ptrdiff_t count, int n, const T *x, T *out)                               \
    {                                                                                                                    \
        for (; count; count--, x += n * n, out += n * n) {                                                               \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = j > i ? 0 : x[i * n + j];                                                                    \
                    for (int k = 0; k < j && j <= i; k++) {                                                              \
                        sum -= out[i * n + k] * out[j * n + k];                                                          \
                    }                                                                                                    \
                    if (j == i && !(sum > 0 && sum - sum == 0)) {                                                        \
                        return 1;                                                                                        \
                    }                                                                                                    \
                    out[i * n + j] = j > i ? 0 : j == i ? SQRT(sum) : sum / out[j * n + j];                              \
                }                                                                                                        \
            }                                                                                                            \
            if (!autodiff_finite_##NAME(n * n, out)) {                                                                   \
                return 1;                                                                                                \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* -y^T g y^T, of the inverse y: Giles 2008, 2.2.1. */                                                               \
    static inline void autodiff_inverse_dx_##NAME(ptrdiff_t count, int n, const T *y, const T *g, T *place)              \
    {                                                                                                                    \
        T turned[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], half[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],    \
            whole[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                        \
        for (; count; count--, y += n * n, g += n * n, place += n * n) {                                                 \
            autodiff_turn_##NAME(n, y, turned);                                                                          \
            autodiff_times_##NAME(n, turned, g, 0, half);                                                                \
            autodiff_times_##NAME(n, half, y, 1, whole);                                                                 \
            for (int i = 0; i < n * n; i++) {                                                                            \
                place[i] -= whole[i];                                                                                    \
            }                                                                                                            \
        }                                                                                                                \
    }                                                                                                                    \
    /* The cofactors of up to 3 rows, exact for singular matrices, too, times g; of the logarithm x^-T times g, of up    \
       to all.  1, and nothing done, for others. */                                                                      \
    static inline int autodiff_determinant_dx_##NAME(ptrdiff_t count, int n, int logarithm, const T *x, const T *g,      \
                                                     T *place)                                                           \
    {                                                                                                                    \
        T other[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                          \
        if (!logarithm && n > 3) {                                                                                       \
            return 1;                                                                                                    \
        }                                                                                                                \
        if (logarithm) {                                                                                                 \
            for (ptrdiff_t i = 0; i < count; i++) {                                                                      \
                if (autodiff_inverse_##NAME(1, n, x + i * n * n, other)) {                                               \
                    return 1;                                                                                            \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        for (; count; count--, x += n * n, g++, place += n * n) {                                                        \
            if (logarithm) {                                                                                             \
                autodiff_inverse_##NAME(1, n, x, other);                                                                 \
                for (int i = 0; i < n * n; i++) {                                                                        \
                    place[i] += *g * other[i % n * n + i / n];                                                           \
                }                                                                                                        \
            } else if (n == 1) {                                                                                         \
                *place += *g;                                                                                            \
            } else if (n == 2) {                                                                                         \
                place[0] += *g * x[3];                                                                                   \
                place[1] -= *g * x[2];                                                                                   \
                place[2] -= *g * x[1];                                                                                   \
                place[3] += *g * x[0];                                                                                   \
            } else if (n == 3) {                                                                                         \
                for (int i = 0; i < 3; i++) {                                                                            \
                    const T *a = x + (i + 1) % 3 * 3, *b = x + (i + 2) % 3 * 3;                                          \
                    place[i * 3] += *g * (a[1] * b[2] - a[2] * b[1]);                                                    \
                    place[i * 3 + 1] += *g * (a[2] * b[0] - a[0] * b[2]);                                                \
                    place[i * 3 + 2] += *g * (a[0] * b[1] - a[1] * b[0]);                                                \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* x^-T g of a solution y, into room; and minus its product with y into left, unless that is NULL: Giles 2008, 2.3.1.\
       turned: y solved x^T y = b. */                                                                                    \
    static inline int autodiff_solve_dx_##NAME(ptrdiff_t count, int n, ptrdiff_t k, int turned, const T *x, const T *y,  \
                                               const T *g, T *room, T *left)                                             \
    {                                                                                                                    \
        if (autodiff_solve_##NAME(count, n, k, !turned, x, g, room)) {                                                   \
            return 1;                                                                                                    \
        }                                                                                                                \
        for (; left && count; count--, y += n * k, room += n * k, left += n * n) {                                       \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = 0;                                                                                           \
                    for (ptrdiff_t c = 0; c < k; c++) {                                                                  \
                        sum += room[i * k + c] * y[j * k + c];                                                           \
                    }                                                                                                    \
                    left[turned ? j * n + i : i * n + j] -= sum;                                                         \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* L^-T P L^-1, P the lower triangle of L^T g with half of its diagonal, symmetrised:  Murray 2016, 3.  triangle: what  \
       a function of the lower triangle alone has there. */                                                              \
    static inline void autodiff_cholesky_dx_##NAME(ptrdiff_t count, int n, int triangle, const T *y, const T *g, T *place) \
    {                                                                                                                    \
        T p[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                              \
        for (; count; count--, y += n * n, g += n * n, place += n * n) {                                                 \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j <= i; j++) {                                                                           \
                    T sum = 0;                                                                                           \
                    for (int k = i; k < n; k++) {                                                                        \
                        sum += y[k * n + i] * g[k * n + j];                                                              \
                    }                                                                                                    \
                    p[i * n + j] = p[j * n + i] = sum / 2;                                                               \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = n - 1; i >= 0; i--) {                                                                           \
                for (int k = i + 1; k < n; k++) {                                                                        \
                    for (int j = 0; j < n; j++) {                                                                        \
                        p[i * n + j] -= y[k * n + i] * p[k * n + j];                                                     \
                    }                                                                                                    \
                }                                                                                                        \
                for (int j = 0; j < n; j++) {                                                                            \
                    p[i * n + j] /= y[i * n + i];                                                                        \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = n - 1; j >= 0; j--) {                                                                       \
                    for (int k = j + 1; k < n; k++) {                                                                    \
                        p[i * n + j] -= p[i * n + k] * y[k * n + j];                                                     \
                    }                                                                                                    \
                    p[i * n + j] /= y[j * n + j];                                                                        \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = (p[i * n + j] + p[j * n + i]) / 2;                                                           \
                    place[i * n + j] += !triangle || i == j ? sum : j < i ? 2 * sum : 0;                                 \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
    }

AUTODIFF_MATRICES(double, double, fabs, sqrt, log)
AUTODIFF_MATRICES(float, float, fabsf, sqrtf, logf)

#endif
