/* Linear algebra of small matrices, values and cotangents, one at a time or a batch: of 3x3 a call of LAPACK by way of NumPy is
   1.4 us and the work 0.05, and of a batch of 1,000 NumPy's loop is at 0.2 to 0.9 of PyTorch's speed.

   Matrices lie in rows, one after the other, and are of at most AUTODIFF_SMALL_MATRIX rows.  Methods are LAPACK's, elimination
   with partial pivoting and Cholesky's, so that errors are bounded as its are.  A function of a value returns 0 where it is done,
   and 1, with nothing said of what it has written, where a matrix is singular, not positive-definite or not finite: then the
   row's helper computes and says what is wrong.  A function of a cotangent adds it into place. */
#ifndef AUTODIFF_MATRICES_H
#define AUTODIFF_MATRICES_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#define AUTODIFF_SMALL_MATRIX 8

#define AUTODIFF_MATRICES(T, NAME, FABS, SQRT, LOG, EPSILON)                                                                      \
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
    }                                                                                                                    \
    /* How far values of a decomposition may be from true ones. */                                                       \
    static inline T autodiff_rounding_##NAME(int n, const T *values)                                                     \
    {                                                                                                                    \
        T top = 0;                                                                                                       \
        for (int i = 0; i < n; i++) {                                                                                    \
            top = FABS(values[i]) > top ? FABS(values[i]) : top;                                                         \
        }                                                                                                                \
        return top * 4 * EPSILON * SQRT((T)n);                                                                           \
    }                                                                                                                    \
    static inline int autodiff_repeats_##NAME(int n, const T *values, T rounding)                                        \
    {                                                                                                                    \
        for (int i = 0; i < n; i++) {                                                                                    \
            for (int j = 0; j < i; j++) {                                                                                \
                if (!(FABS(values[i] - values[j]) > rounding)) {                                                         \
                    return 1;                                                                                            \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* V (diag(gL) + skew(V^T gV) / (l_k - l_j)) V^T of eigenvalues in a first row and vectors below, as y and g have them:\
       Giles 2008, 3.1.  1, and nothing said of place, where values repeat. */                                           \
    static inline int autodiff_eigh_dx_##NAME(ptrdiff_t count, int n, const T *y, const T *g, T *place)                  \
    {                                                                                                                    \
        T inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], half[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];     \
        for (; count; count--, y += (n + 1) * n, g += (n + 1) * n, place += n * n) {                                     \
            const T *v = y + n, *gv = g + n;                                                                             \
            if (autodiff_repeats_##NAME(n, y, autodiff_rounding_##NAME(n, y))) {                                         \
                return 1;                                                                                                \
            }                                                                                                            \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = 0;                                                                                           \
                    for (int k = 0; k < n; k++) {                                                                        \
                        sum += v[k * n + i] * gv[k * n + j];                                                             \
                    }                                                                                                    \
                    half[i * n + j] = sum;                                                                               \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    inner[i * n + j] = i == j ? g[i] : (half[i * n + j] - half[j * n + i]) / 2 / (y[j] - y[i]);          \
                }                                                                                                        \
            }                                                                                                            \
            autodiff_times_##NAME(n, v, inner, 0, half);                                                                 \
            for (int i = 0; i < n; i++) {                                                                                \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = 0;                                                                                           \
                    for (int k = 0; k < n; k++) {                                                                        \
                        sum += half[i * n + k] * v[j * n + k];                                                           \
                    }                                                                                                    \
                    place[i * n + j] += sum;                                                                             \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* U, S and V^T beside each other, m x k, k and k x n: Wan and Zhang 2019.  1 where values repeat or one is 0. */    \
    static inline int autodiff_svd_dx_##NAME(ptrdiff_t count, int m, int n, const T *y, const T *g, T *place)            \
    {                                                                                                                    \
        T of_u[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], of_v[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX],      \
            inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX];                                                        \
        int k = m < n ? m : n, step = (m + n + 1) * k;                                                                   \
        for (; count; count--, y += step, g += step, place += m * n) {                                                   \
            const T *u = y, *s = y + m * k, *v = s + k, *gu = g, *gs = g + m * k, *gv = gs + k;                          \
            T rounding = autodiff_rounding_##NAME(k, s);                                                                 \
            if (autodiff_repeats_##NAME(k, s, rounding) || !(s[k - 1] > rounding)) {                                     \
                return 1;                                                                                                \
            }                                                                                                            \
            for (int i = 0; i < k; i++) {                                                                                \
                for (int j = 0; j < k; j++) {                                                                            \
                    T sum_u = 0, sum_v = 0;                                                                              \
                    for (int c = 0; c < m; c++) {                                                                        \
                        sum_u += u[c * k + i] * gu[c * k + j];                                                           \
                    }                                                                                                    \
                    for (int c = 0; c < n; c++) {                                                                        \
                        sum_v += v[i * n + c] * gv[j * n + c];                                                           \
                    }                                                                                                    \
                    of_u[i * k + j] = sum_u;                                                                             \
                    of_v[i * k + j] = sum_v;                                                                             \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < k; i++) {                                                                                \
                for (int j = 0; j < k; j++) {                                                                            \
                    T factor = i == j ? 0 : 1 / ((s[j] - s[i]) * (s[j] + s[i]));                                         \
                    inner[i * k + j] = i == j ? gs[i]                                                                    \
                        : (of_u[i * k + j] - of_u[j * k + i]) * factor * s[j] + s[i] * (of_v[i * k + j] - of_v[j * k + i]) * factor;\
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < m; i++) {                                                                                \
                T row[AUTODIFF_SMALL_MATRIX];                                                                            \
                for (int j = 0; j < k; j++) {                                                                            \
                    T sum = 0, rest = m > k ? gu[i * k + j] : 0;                                                         \
                    for (int c = 0; c < k; c++) {                                                                        \
                        sum += u[i * k + c] * inner[c * k + j];                                                          \
                        rest -= m > k ? u[i * k + c] * of_u[c * k + j] : 0;                                              \
                    }                                                                                                    \
                    row[j] = sum + rest / s[j];                                                                          \
                }                                                                                                        \
                for (int j = 0; j < n; j++) {                                                                            \
                    T sum = 0;                                                                                           \
                    for (int c = 0; c < k; c++) {                                                                        \
                        T rest = n > k ? gv[c * n + j] : 0;                                                              \
                        for (int d = 0; n > k && d < k; d++) {                                                           \
                            rest -= v[d * n + j] * of_v[d * k + c];                                                      \
                        }                                                                                                \
                        sum += row[c] * v[c * n + j] + u[i * k + c] / s[c] * rest;                                       \
                    }                                                                                                    \
                    place[i * n + j] += sum;                                                                             \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }                                                                                                                    \
    /* (gQ + Q H) R^-T, H symmetric with the upper triangle of gR R^T - Q^T gQ, of Q and R beside each other, m x n and n x n:\
       Walter and Lehmann 2010.  1 where a column depends on those before it. */                                         \
    static inline int autodiff_qr_dx_##NAME(ptrdiff_t count, int m, int n, const T *y, const T *g, T *place)             \
    {                                                                                                                    \
        T inner[AUTODIFF_SMALL_MATRIX * AUTODIFF_SMALL_MATRIX], diagonal[AUTODIFF_SMALL_MATRIX];                         \
        for (; count; count--, y += (m + n) * n, g += (m + n) * n, place += m * n) {                                     \
            const T *q = y, *r = y + m * n, *gq = g, *gr = g + m * n;                                                    \
            for (int i = 0; i < n; i++) {                                                                                \
                diagonal[i] = r[i * n + i];                                                                              \
            }                                                                                                            \
            T rounding = autodiff_rounding_##NAME(n, diagonal);                                                          \
            for (int i = 0; i < n; i++) {                                                                                \
                if (!(FABS(diagonal[i]) > rounding)) {                                                                   \
                    return 1;                                                                                            \
                }                                                                                                        \
                for (int j = i; j < n; j++) {                                                                            \
                    T sum = 0;                                                                                           \
                    for (int k = j; k < n; k++) {                                                                        \
                        sum += gr[i * n + k] * r[j * n + k];                                                             \
                    }                                                                                                    \
                    for (int k = 0; k < m; k++) {                                                                        \
                        sum -= q[k * n + i] * gq[k * n + j];                                                             \
                    }                                                                                                    \
                    inner[i * n + j] = inner[j * n + i] = sum;                                                           \
                }                                                                                                        \
            }                                                                                                            \
            for (int i = 0; i < m; i++) {                                                                                \
                T row[AUTODIFF_SMALL_MATRIX];                                                                            \
                for (int j = n - 1; j >= 0; j--) {                                                                       \
                    T sum = gq[i * n + j];                                                                               \
                    for (int k = 0; k < n; k++) {                                                                        \
                        sum += q[i * n + k] * inner[k * n + j];                                                          \
                    }                                                                                                    \
                    for (int k = j + 1; k < n; k++) {                                                                    \
                        sum -= r[j * n + k] * row[k];                                                                    \
                    }                                                                                                    \
                    row[j] = sum / diagonal[j];                                                                          \
                    place[i * n + j] += row[j];                                                                          \
                }                                                                                                        \
            }                                                                                                            \
        }                                                                                                                \
        return 0;                                                                                                        \
    }

AUTODIFF_MATRICES(double, double, fabs, sqrt, log, DBL_EPSILON)
AUTODIFF_MATRICES(float, float, fabsf, sqrtf, logf, FLT_EPSILON)

#endif
