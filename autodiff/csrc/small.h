/* Loops of structural ops on small contiguous arrays, values and derivatives, where NumPy's own calls cost more than the work:
   with them the forward algorithm of bench/numpy_style.py fell from 5.7 to below 3 times its plain NumPy forward. */
#ifndef AUTODIFF_SMALL_H
#define AUTODIFF_SMALL_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* out[i] = condition[i] ? x[i] : y[i], elements of 4 or 8 bytes; a step of 0 repeats one element. */
static inline void autodiff_select(ptrdiff_t n, int size, const char *condition, int step, const char *x, int x_step,
                                   const char *y, int y_step, char *out)
{
    if (size == 8) {
        for (ptrdiff_t i = 0; i < n; i++) {
            memcpy(out + 8 * i, condition[step * i] ? x + x_step * i : y + y_step * i, 8);
        }
    } else {
        for (ptrdiff_t i = 0; i < n; i++) {
            memcpy(out + 4 * i, condition[step * i] ? x + x_step * i : y + y_step * i, 4);
        }
    }
}

/* A row of so many bytes again and again. */
static inline void autodiff_tile(ptrdiff_t rows, ptrdiff_t length, const char *x, char *out)
{
    ptrdiff_t whole = rows * length, done = length;
    memcpy(out, x, (size_t)length);
    while (done < whole) {
        ptrdiff_t part = whole - done < done ? whole - done : done;
        memcpy(out + done, out, (size_t)part);
        done += part;
    }
}

/* Each of some elements as often as there are columns. */
static inline void autodiff_stretch(ptrdiff_t rows, ptrdiff_t columns, int size, const char *x, char *out)
{
#define AUTODIFF_STRETCHED(T)                                                                                           \
    for (ptrdiff_t row = 0; row < rows; row++, out += columns * (ptrdiff_t)sizeof(T)) {                                 \
        const T element = ((const T *)x)[row];                                                                          \
        for (ptrdiff_t i = 0; i < columns; i++) {                                                                       \
            ((T *)out)[i] = element;                                                                                    \
        }                                                                                                               \
    }
    if (size == 8) {
        AUTODIFF_STRETCHED(double)
    } else if (size == 4) {
        AUTODIFF_STRETCHED(float)
    } else {
        AUTODIFF_STRETCHED(char)
    }
#undef AUTODIFF_STRETCHED
}

/* Rows of a strided operand, from a number on, side by side in `out`; the last of its dimensions is a row, elements of 4 or 8 bytes. */
static inline void autodiff_gather_rows(int dims, const ptrdiff_t *shape, const ptrdiff_t *strides, int size, ptrdiff_t row,
                                        ptrdiff_t rows, const char *x, char *out)
{
    ptrdiff_t at[64], columns = shape[dims - 1], step = strides[dims - 1];
    for (int d = dims - 2; d >= 0; d--) {
        at[d] = row % shape[d];
        row /= shape[d];
        x += at[d] * strides[d];
    }
    for (; rows; rows--) {
        if (step == size) {
            memcpy(out, x, (size_t)(columns * size));
        } else if (size == 8) {
            for (ptrdiff_t i = 0; i < columns; i++) memcpy(out + 8 * i, x + step * i, 8);
        } else {
            for (ptrdiff_t i = 0; i < columns; i++) memcpy(out + 4 * i, x + step * i, 4);
        }
        out += columns * size;
        for (int d = dims - 2; d >= 0; d--) {
            x += strides[d];
            if (++at[d] < shape[d]) break;
            x -= strides[d] * shape[d];
            at[d] = 0;
        }
    }
}

/* out += each of some rows, one after the other; four are read for each time that it is written. */
#define AUTODIFF_ADD_ROWS(T, NAME)                                                                                      \
    static inline void autodiff_add_rows_##NAME(ptrdiff_t rows, ptrdiff_t columns, const char *x, ptrdiff_t step, T *out) \
    {                                                                                                                   \
        for (; rows >= 4; rows -= 4, x += 4 * step) {                                                                   \
            const T *a = (const T *)x, *b = (const T *)(x + step), *c = (const T *)(x + 2 * step),                      \
                    *d = (const T *)(x + 3 * step);                                                                     \
            for (ptrdiff_t i = 0; i < columns; i++) {                                                                   \
                out[i] = (((out[i] + a[i]) + b[i]) + c[i]) + d[i];                                                      \
            }                                                                                                           \
        }                                                                                                               \
        for (; rows; rows--, x += step) {                                                                               \
            const T *a = (const T *)x;                                                                                  \
            for (ptrdiff_t i = 0; i < columns; i++) {                                                                   \
                out[i] += a[i];                                                                                         \
            }                                                                                                           \
        }                                                                                                               \
    }

AUTODIFF_ADD_ROWS(double, double)
AUTODIFF_ADD_ROWS(float, float)

/* x is (outer, n, inner), out and the cotangents are (outer, inner); sign is 1 for the largest, -1 for the smallest element. */
#define AUTODIFF_EXTREME(T, NAME)                                                                                       \
    static inline void autodiff_extreme_##NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const T *x, T *out, int sign) \
    {                                                                                                                   \
        for (ptrdiff_t i = 0; i < outer; i++, x += n * inner, out += inner) {                                           \
            for (ptrdiff_t j = 0; j < inner; j++) {                                                                     \
                T best = x[j];                                                                                          \
                for (ptrdiff_t k = 1; k < n && best == best; k++) {                                                     \
                    T next = x[k * inner + j];                                                                          \
                    if ((sign > 0 ? next > best : next < best) || next != next) {                                       \
                        best = next;                                                                                    \
                    }                                                                                                   \
                }                                                                                                       \
                out[j] = best;                                                                                          \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
    /* Adds each cotangent, shared evenly among the elements that attain the extreme value, into place.  0, and nothing  \
       done, where a value is NaN or a cotangent is not finite: 0 times it is NaN. */                                   \
    static inline int autodiff_share_##NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, const T *x, const T *out,     \
                                            const T *g, T *place)                                                       \
    {                                                                                                                   \
        for (ptrdiff_t i = 0; i < outer * inner; i++) {                                                                 \
            if (out[i] != out[i] || g[i] - g[i] != 0) {                                                                 \
                return 0;                                                                                               \
            }                                                                                                           \
        }                                                                                                               \
        for (ptrdiff_t i = 0; i < outer; i++, x += n * inner, place += n * inner, out += inner, g += inner) {           \
            for (ptrdiff_t j = 0; j < inner; j++) {                                                                     \
                T ties = 0;                                                                                             \
                for (ptrdiff_t k = 0; k < n; k++) {                                                                     \
                    ties += x[k * inner + j] == out[j];                                                                 \
                }                                                                                                       \
                T share = g[j] * ((T)1 / ties);                                                                         \
                for (ptrdiff_t k = 0; k < n; k++) {                                                                     \
                    if (x[k * inner + j] == out[j]) {                                                                   \
                        place[k * inner + j] += share;                                                                  \
                    }                                                                                                   \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
        return 1;                                                                                                       \
    }

AUTODIFF_EXTREME(double, double)
AUTODIFF_EXTREME(float, float)

/* ---- rows of contiguous memory, each of n <= AUTODIFF_ROW elements, with eight sums side by side, so that the compiler has
   vectors of them: softmax and its kin, and what the normalisations call. Exponentials are taken between two of these loops,
   of all rows at once. */
enum { AUTODIFF_ROW = 4096 };

#define AUTODIFF_ROWS(T, NAME)                                                                                              \
    static inline T autodiff_sum_##NAME(ptrdiff_t n, const T *x)                                                            \
    {                                                                                                                       \
        T part[8] = {0}, total = 0;                                                                                         \
        ptrdiff_t i = 0;                                                                                                    \
        for (; i + 8 <= n; i += 8) {                                                                                        \
            for (int k = 0; k < 8; k++) {                                                                                   \
                part[k] += x[i + k];                                                                                        \
            }                                                                                                               \
        }                                                                                                                   \
        for (; i < n; i++) {                                                                                                \
            total += x[i];                                                                                                  \
        }                                                                                                                   \
        return total + (((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])));         \
    }                                                                                                                       \
    static inline T autodiff_dot_##NAME(ptrdiff_t n, const T *x, const T *y)                                                \
    {                                                                                                                       \
        T part[8] = {0}, total = 0;                                                                                         \
        ptrdiff_t i = 0;                                                                                                    \
        for (; i + 8 <= n; i += 8) {                                                                                        \
            for (int k = 0; k < 8; k++) {                                                                                   \
                part[k] += x[i + k] * y[i + k];                                                                             \
            }                                                                                                               \
        }                                                                                                                   \
        for (; i < n; i++) {                                                                                                \
            total += x[i] * y[i];                                                                                           \
        }                                                                                                                   \
        return total + (((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])));         \
    }                                                                                                                       \
    /* out = x less its row's largest element. 0 where that is NaN or infinite: others know what to do. */                  \
    static inline int autodiff_shift_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *x, T *out)                                \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n, out += n) {                                                            \
            T part[8], top = x[0];                                                                                          \
            ptrdiff_t i = 0;                                                                                                \
            if (n >= 8) {                                                                                                   \
                for (int k = 0; k < 8; k++) {                                                                               \
                    part[k] = x[k];                                                                                         \
                }                                                                                                           \
                for (i = 8; i + 8 <= n; i += 8) {                                                                           \
                    for (int k = 0; k < 8; k++) {                                                                           \
                        part[k] = x[i + k] > part[k] ? x[i + k] : part[k];                                                  \
                    }                                                                                                       \
                }                                                                                                           \
                for (int k = 0; k < 8; k++) {                                                                               \
                    top = part[k] > top ? part[k] : top;                                                                    \
                }                                                                                                           \
            }                                                                                                               \
            for (; i < n; i++) {                                                                                            \
                top = x[i] > top ? x[i] : top;                                                                              \
            }                                                                                                               \
            if (!(top - top == 0)) {                                                                                        \
                return 0;                                                                                                   \
            }                                                                                                               \
            for (i = 0; i < n; i++) {                                                                                       \
                out[i] = x[i] - top;                                                                                        \
            }                                                                                                               \
        }                                                                                                                   \
        return 1;                                                                                                           \
    }                                                                                                                       \
    /* Rows divided by their sums. */                                                                                       \
    static inline void autodiff_parts_##NAME(ptrdiff_t rows, ptrdiff_t n, T *out)                                           \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, out += n) {                                                                    \
            T total = autodiff_sum_##NAME(n, out);                                                                          \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                out[i] /= total;                                                                                            \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    /* out (g - the sum of g out) */                                                                                        \
    static inline void autodiff_parts_dx_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *out, const T *g, T *place)            \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, out += n, g += n, place += n) {                                                \
            T total = autodiff_dot_##NAME(n, out, g);                                                                       \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                place[i] = out[i] * (g[i] - total);                                                                         \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    /* sums[r] = the sum of row r */                                                                                        \
    static inline void autodiff_sums_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *x, T *sums)                               \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n) {                                                                      \
            sums[r] = autodiff_sum_##NAME(n, x);                                                                            \
        }                                                                                                                   \
    }                                                                                                                       \
    /* Row r less what is at r. */                                                                                          \
    static inline void autodiff_less_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *less, T *x)                               \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n) {                                                                      \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                x[i] -= less[r];                                                                                            \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    /* g less exponentials times the sum of g; the exponentials are in place. */                                            \
    static inline void autodiff_logs_dx_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *g, T *place)                           \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, g += n, place += n) {                                                          \
            T total = autodiff_sum_##NAME(n, g);                                                                            \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                place[i] = g[i] - place[i] * total;                                                                         \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    /* The element of each row that it has the number of; 0 where there is none. */                                         \
    static inline int autodiff_pick_##NAME(ptrdiff_t rows, ptrdiff_t n, const T *x, const int64_t *at, T *out)              \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n) {                                                                      \
            if (at[r] < 0 || at[r] >= n) {                                                                                  \
                return 0;                                                                                                   \
            }                                                                                                               \
            out[r] = x[at[r]];                                                                                              \
        }                                                                                                                   \
        return 1;                                                                                                           \
    }                                                                                                                       \
    /* g times (the row's part of its sum, less 1 where it has the number of); the exponentials are in place. */            \
    static inline void autodiff_class_dx_##NAME(ptrdiff_t rows, ptrdiff_t n, const int64_t *at, const T *g, int step, T *place)\
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, place += n, g += step) {                                                       \
            T factor = g[0] / autodiff_sum_##NAME(n, place);                                                                \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                place[i] *= factor;                                                                                         \
            }                                                                                                               \
            place[at[r]] -= g[0];                                                                                           \
        }                                                                                                                   \
    }                                                                                                                       \
    static inline T autodiff_spread_##NAME(ptrdiff_t n, const T *x, T mean)                                                 \
    {                                                                                                                       \
        T part[8] = {0}, total = 0;                                                                                         \
        ptrdiff_t i = 0;                                                                                                    \
        for (; i + 8 <= n; i += 8) {                                                                                        \
            for (int k = 0; k < 8; k++) {                                                                                   \
                T d = x[i + k] - mean;                                                                                      \
                part[k] += d * d;                                                                                           \
            }                                                                                                               \
        }                                                                                                                   \
        for (; i < n; i++) {                                                                                                \
            total += (x[i] - mean) * (x[i] - mean);                                                                         \
        }                                                                                                                   \
        return total + (((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7])));         \
    }                                                                                                                       \
    /* (x - mean) / sqrt(variance + eps) */                                                                                 \
    static inline void autodiff_standard_##NAME(ptrdiff_t rows, ptrdiff_t n, double eps, const T *x, T *out)                \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n, out += n) {                                                            \
            T mean = autodiff_sum_##NAME(n, x) / (T)n;                                                                      \
            T factor = 1 / (T)sqrt((double)(autodiff_spread_##NAME(n, x, mean) / (T)n) + eps);                              \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                out[i] = (x[i] - mean) * factor;                                                                            \
            }                                                                                                               \
        }                                                                                                                   \
    }                                                                                                                       \
    static inline void autodiff_standard_dx_##NAME(ptrdiff_t rows, ptrdiff_t n, double eps, const T *x, const T *out, const T *g,\
                                                   T *place)                                                                \
    {                                                                                                                       \
        for (ptrdiff_t r = 0; r < rows; r++, x += n, out += n, g += n, place += n) {                                        \
            T mean = autodiff_sum_##NAME(n, x) / (T)n;                                                                      \
            T factor = 1 / (T)sqrt((double)(autodiff_spread_##NAME(n, x, mean) / (T)n) + eps);                              \
            T level = autodiff_sum_##NAME(n, g) / (T)n, slope = autodiff_dot_##NAME(n, g, out) / (T)n;                      \
            for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
                place[i] = (g[i] - level - out[i] * slope) * factor;                                                        \
            }                                                                                                               \
        }                                                                                                                   \
    }

AUTODIFF_ROWS(double, double)
AUTODIFF_ROWS(float, float)

#endif
