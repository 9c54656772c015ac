/* Loops over windows of pictures: what convolutions, pooling and resampling are made of.

   A picture has three dimensions here; those that it lacks have size 1.  A matrix of columns has a row for each channel and
   each place in the window, a column for each window: a convolution is the product of the weights with it. */
#ifndef AUTODIFF_WINDOWS_H
#define AUTODIFF_WINDOWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    ptrdiff_t channels;
    ptrdiff_t size[3];      /* of the picture */
    ptrdiff_t kernel[3];
    ptrdiff_t windows[3];   /* how many */
    ptrdiff_t stride[3];
    ptrdiff_t before[3];    /* zeros in front of the picture */
    ptrdiff_t dilation[3];
} AutodiffWindows;

/* Of windows 0 to count - 1, those whose place at an offset from the window's beginning is inside: from low up to high. */
static inline void autodiff_inside(ptrdiff_t count, ptrdiff_t size, ptrdiff_t stride, ptrdiff_t offset, ptrdiff_t *low,
                                   ptrdiff_t *high)
{
    ptrdiff_t first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    ptrdiff_t end = offset >= size ? 0 : (size - 1 - offset) / stride + 1;
    *low = first < count ? first : count;
    *high = end < count ? end : count;
    if (*high < *low) {
        *high = *low;
    }
}

/* Rows of n elements between a picture, where they are stride apart, and columns: copied, or added the other way.  Neither
   overlaps the other, which the compiler is to know: rows are often as short as 8 elements. */
#if defined(_MSC_VER)
#  define AUTODIFF_RESTRICT __restrict
#else
#  define AUTODIFF_RESTRICT restrict
#endif

#define AUTODIFF_ROWS(T, NAME, QUALIFIED, PER_ROW, STEP)                                                                \
    static inline void NAME(ptrdiff_t rows, ptrdiff_t n, QUALIFIED T *AUTODIFF_RESTRICT picture, ptrdiff_t next,        \
                            ptrdiff_t stride, PER_ROW T *AUTODIFF_RESTRICT columns, ptrdiff_t across)                   \
    {                                                                                                                   \
        ptrdiff_t i;                                                                                                    \
        if (stride != 1) {                                                                                              \
            for (; rows > 0; rows--, picture += next, columns += across) {                                              \
                for (i = 0; i < n; i++) {                                                                               \
                    STEP(picture[i * stride], columns[i]);                                                              \
                }                                                                                                       \
            }                                                                                                           \
            return;                                                                                                     \
        }                                                                                                               \
        for (; rows > 0; rows--, picture += next, columns += across) {                                                  \
            for (i = 0; i + 4 <= n; i += 4) {                                                                           \
                STEP(picture[i], columns[i]);                                                                           \
                STEP(picture[i + 1], columns[i + 1]);                                                                   \
                STEP(picture[i + 2], columns[i + 2]);                                                                   \
                STEP(picture[i + 3], columns[i + 3]);                                                                   \
            }                                                                                                           \
            for (; i < n; i++) {                                                                                        \
                STEP(picture[i], columns[i]);                                                                           \
            }                                                                                                           \
        }                                                                                                               \
    }

/* COLUMNS: the columns of some rows of windows, each matrix row count * windows[2] long.
   PICTURE: the columns added where they come from.
   Both walk in the same way, so that each is the other's transpose. */
#define AUTODIFF_WALK(T, NAME, ROWS, QUALIFIED, PER_ROW, OUTSIDE)                                                       \
    static inline void NAME(const AutodiffWindows *w, QUALIFIED T *picture, ptrdiff_t start, ptrdiff_t count,           \
                            PER_ROW T *columns)                                                                         \
    {                                                                                                                   \
        const ptrdiff_t across = w->windows[2], stride = w->stride[2], width = w->size[2];                              \
        ptrdiff_t c, z, y, x, row, i, k, low, high, first, last;                                                        \
        for (c = 0; c < w->channels; c++) {                                                                             \
            QUALIFIED T *channel = picture + c * w->size[0] * w->size[1] * width;                                       \
            for (z = 0; z < w->kernel[0]; z++)                                                                          \
            for (y = 0; y < w->kernel[1]; y++)                                                                          \
            for (x = 0; x < w->kernel[2]; x++) {                                                                        \
                const ptrdiff_t offset = x * w->dilation[2] - w->before[2];                                             \
                const ptrdiff_t above = y * w->dilation[1] - w->before[1];                                              \
                autodiff_inside(across, width, stride, offset, &low, &high);                                            \
                autodiff_inside(w->windows[1], w->size[1], w->stride[1], above, &first, &last);                         \
                /* the rows of one plane after the other: some outside, those inside, some outside */                   \
                for (row = start; row < start + count;) {                                                               \
                    const ptrdiff_t plane = row / w->windows[1], begin = row - plane * w->windows[1];                   \
                    const ptrdiff_t rest = start + count - row, whole = w->windows[1] - begin;                          \
                    const ptrdiff_t rows = rest < whole ? rest : whole, end = begin + rows;                             \
                    const ptrdiff_t iz = plane * w->stride[0] + z * w->dilation[0] - w->before[0];                      \
                    ptrdiff_t from = first > begin ? first : begin, to = last < end ? last : end;                       \
                    if (iz < 0 || iz >= w->size[0] || low == high || to <= from) {                                      \
                        OUTSIDE(columns, rows * across);                                                                \
                    } else {                                                                                            \
                        OUTSIDE(columns, (from - begin) * across);                                                      \
                        PER_ROW T *inside = columns + (from - begin) * across;                                          \
                        ROWS(to - from, high - low,                                                                     \
                             channel + (iz * w->size[1] + from * w->stride[1] + above) * width + low * stride + offset, \
                             w->stride[1] * width, stride, inside + low, across);                                       \
                        if (low > 0 || high < across) {                                                                 \
                            for (k = from; k < to; k++, inside += across) {                                             \
                                OUTSIDE(inside, low);                                                                   \
                                OUTSIDE(inside + high, across - high);                                                  \
                            }                                                                                           \
                        }                                                                                               \
                        OUTSIDE(columns + (to - begin) * across, (end - to) * across);                                  \
                    }                                                                                                   \
                    columns += rows * across;                                                                           \
                    row += rows;                                                                                        \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
        (void)i;        /* of AUTODIFF_ZEROS */                                                                         \
    }

#define AUTODIFF_ZEROS(where, n) do { for (i = 0; i < (n); i++) { (where)[i] = 0; } } while (0)
#define AUTODIFF_NOTHING(where, n) do { } while (0)
#define AUTODIFF_COPY(from, to) ((to) = (from))
#define AUTODIFF_ADD(from, to) ((from) += (to))

/* The first and the end of each window along a dimension, and the step between its places. */
typedef struct {
    ptrdiff_t size, windows, step;
    const int64_t *first, *end;
} AutodiffSpan;

/* Where the largest element of each window stands, NaN being larger than all: the first of several, the last NaN. */
#define AUTODIFF_LARGEST(T, NAME)                                                                                       \
    static inline void NAME(ptrdiff_t count, const AutodiffSpan *span, const T *x, int64_t *out)                        \
    {                                                                                                                   \
        const ptrdiff_t plane = span[1].size * span[2].size, row = span[2].size, step = span[2].step;                   \
        ptrdiff_t i, a, b, c, z, y, k;                                                                                  \
        for (i = 0; i < count; i++, x += span[0].size * plane) {                                                        \
            for (a = 0; a < span[0].windows; a++)                                                                       \
            for (b = 0; b < span[1].windows; b++)                                                                       \
            for (c = 0; c < span[2].windows; c++) {                                                                     \
                const ptrdiff_t first = span[2].first[c], end = span[2].end[c];                                         \
                ptrdiff_t at = span[0].first[a] * plane + span[1].first[b] * row + first;                               \
                T best = x[at];                                                                                         \
                for (z = span[0].first[a]; z < span[0].end[a]; z += span[0].step) {                                     \
                    for (y = span[1].first[b]; y < span[1].end[b]; y += span[1].step) {                                 \
                        const ptrdiff_t line = z * plane + y * row;                                                     \
                        for (k = first; k < end; k += step) {                                                           \
                            const T next = x[line + k];                                                                 \
                            const int better = (next > best) | (next != next);                                          \
                            best = better ? next : best;                                                                \
                            at = better ? line + k : at;                                                                \
                        }                                                                                               \
                    }                                                                                                   \
                }                                                                                                       \
                *out++ = at;                                                                                            \
            }                                                                                                           \
        }                                                                                                               \
    }

/* out[i, j] = x[i, at[i, j]], and its transpose, into zeros.  1, and nothing more done, at a position that is not inside. */
#define AUTODIFF_PLACES(T, TAKE, PUT)                                                                                   \
    static inline int TAKE(ptrdiff_t rows, ptrdiff_t n, ptrdiff_t count, const T *x, const int64_t *at, T *out)        \
    {                                                                                                                   \
        for (; rows > 0; rows--, x += n, at += count, out += count) {                                                   \
            for (ptrdiff_t j = 0; j < count; j++) {                                                                     \
                if ((uint64_t)at[j] >= (uint64_t)n) {                                                                   \
                    return 1;                                                                                           \
                }                                                                                                       \
                out[j] = x[at[j]];                                                                                      \
            }                                                                                                           \
        }                                                                                                               \
        return 0;                                                                                                       \
    }                                                                                                                   \
    static inline int PUT(ptrdiff_t rows, ptrdiff_t n, ptrdiff_t count, const T *x, const int64_t *at, T *out)         \
    {                                                                                                                   \
        for (; rows > 0; rows--, x += count, at += count, out += n) {                                                   \
            for (ptrdiff_t j = 0; j < count; j++) {                                                                     \
                if ((uint64_t)at[j] >= (uint64_t)n) {                                                                   \
                    return 1;                                                                                           \
                }                                                                                                       \
                out[at[j]] += x[j];                                                                                     \
            }                                                                                                           \
        }                                                                                                               \
        return 0;                                                                                                       \
    }

/* A sparse matrix along the middle dimension: out[., i, .] is the sum of weight[k] x[., at[k], .] for k from first[i] up to
   first[i + 1]. */
#define AUTODIFF_BLEND(T, NAME)                                                                                         \
    static inline void NAME(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, ptrdiff_t m, const int64_t *first,           \
                            const int64_t *at, const double *weight, const T *x, T *out)                                \
    {                                                                                                                   \
        for (; outer > 0; outer--, x += n * inner) {                                                                    \
            for (ptrdiff_t i = 0; i < m; i++, out += inner) {                                                           \
                if (inner == 1) {                                                                                       \
                    T sum = 0;                                                                                          \
                    for (int64_t k = first[i]; k < first[i + 1]; k++) {                                                 \
                        sum += (T)weight[k] * x[at[k]];                                                                 \
                    }                                                                                                   \
                    *out = sum;                                                                                         \
                    continue;                                                                                           \
                }                                                                                                       \
                memset(out, 0, inner * sizeof(T));                                                                      \
                for (int64_t k = first[i]; k < first[i + 1]; k++) {                                                     \
                    const T factor = (T)weight[k];                                                                      \
                    const T *line = x + at[k] * inner;                                                                  \
                    for (ptrdiff_t j = 0; j < inner; j++) {                                                             \
                        out[j] += factor * line[j];                                                                     \
                    }                                                                                                   \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }

#define AUTODIFF_WINDOW_LOOPS(T)                                                                                        \
    AUTODIFF_ROWS(T, autodiff_rows_copied_##T, const, , AUTODIFF_COPY)                                                  \
    AUTODIFF_ROWS(T, autodiff_rows_added_##T, , const, AUTODIFF_ADD)                                                    \
    AUTODIFF_WALK(T, autodiff_columns_##T, autodiff_rows_copied_##T, const, , AUTODIFF_ZEROS)                           \
    AUTODIFF_WALK(T, autodiff_picture_##T, autodiff_rows_added_##T, , const, AUTODIFF_NOTHING)                          \
    AUTODIFF_LARGEST(T, autodiff_largest_##T)                                                                           \
    AUTODIFF_PLACES(T, autodiff_take_##T, autodiff_put_##T)                                                             \
    AUTODIFF_BLEND(T, autodiff_blend_##T)                                                                               \
    static inline void autodiff_sum_##T(ptrdiff_t n, const T *x, T *out)                                                \
    {                                                                                                                   \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                             \
            out[i] += x[i];                                                                                             \
        }                                                                                                               \
    }

AUTODIFF_WINDOW_LOOPS(double)
AUTODIFF_WINDOW_LOOPS(float)

#endif
