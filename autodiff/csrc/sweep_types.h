/* What _arrays.pyx and the loops of sweeps share: chains of arithmetic over a block of elements, sums of rows, and elements spread
   over them, by CPU level. */
#ifndef AUTODIFF_SWEEP_TYPES_H
#define AUTODIFF_SWEEP_TYPES_H

#include <stddef.h>

#if defined(__GNUC__)
#  define AUTODIFF_HIDDEN __attribute__((visibility("hidden")))
#else
#  define AUTODIFF_HIDDEN
#endif

/* What is done to a value: with the next operand, on its right or its left, or alone. */
enum { C_ADD, C_SUB, C_SUB_FROM, C_MUL, C_DIV, C_DIV_INTO, C_NEG, C_SQUARE, C_TWICE };
/* Operations of a chain. */
#define C_AT_MOST 7

/* The first operand, changed by one operation after the other; args: the operands, then the result, which may lie where an
   operand does.  steps: of an element, or 0 for one that is for all.  Each operation is rounded, as in a loop of its own. */
typedef void (*c_chain)(const unsigned char *op, int count, char **args, const ptrdiff_t *steps, ptrdiff_t n);

/* The sum of each of some rows of `columns` elements, at most C_SUMMED, which begin `step` bytes after one another. */
typedef void (*c_sums)(ptrdiff_t rows, ptrdiff_t columns, const char *x, ptrdiff_t step, char *out);
/* NumPy's pairwise sum does not divide more. */
#define C_SUMMED 128

/* Each of some elements as often as there are columns. */
typedef void (*c_stretch)(ptrdiff_t rows, ptrdiff_t columns, const char *x, char *out);

/* By dtype: float64, float32. */
typedef struct {
    c_chain chain[2];
    c_sums sums[2];
    c_stretch stretch[2];
} c_sweeps;

extern AUTODIFF_HIDDEN const c_sweeps c_sweeps_baseline;
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
extern AUTODIFF_HIDDEN const c_sweeps c_sweeps_avx2;
#endif

#endif
