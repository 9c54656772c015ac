/* Loops of structural ops on small contiguous arrays, values and derivatives, where NumPy's own calls cost more than the work:
   with them the forward algorithm of bench/numpy_style.py fell from 5.7 to below 3 times its plain NumPy forward. */
#ifndef AUTODIFF_SMALL_H
#define AUTODIFF_SMALL_H

#include <math.h>
#include <stddef.h>
#include <string.h>

/* out[i] = condition[i] ? x[i] : y[i], elements of 4 or 8 bytes; a step of 0 repeats one element. */
static inline void autodiff_select(ptrdiff_t n, int size, const char *condition, const char *x, int x_step, const char *y,
                                   int y_step, char *out)
{
    if (size == 8) {
        for (ptrdiff_t i = 0; i < n; i++) {
            memcpy(out + 8 * i, condition[i] ? x + x_step * i : y + y_step * i, 8);
        }
    } else {
        for (ptrdiff_t i = 0; i < n; i++) {
            memcpy(out + 4 * i, condition[i] ? x + x_step * i : y + y_step * i, 4);
        }
    }
}

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

#endif
