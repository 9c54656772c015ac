/* What _arrays.pyx and the loops of sweeps share: chains of arithmetic over a block of elements, by CPU level. */
#ifndef AUTODIFF_SWEEP_TYPES_H
#define AUTODIFF_SWEEP_TYPES_H

#include <stddef.h>

#if defined(__GNUC__)
#  define AUTODIFF_HIDDEN __attribute__((visibility("hidden")))
#else
#  define AUTODIFF_HIDDEN
#endif

/* What is done to a value: with the next operand, on its right or its left, or alone. */
enum { C_ADD, C_SUB, C_SUB_FROM, C_MUL, C_DIV, C_DIV_INTO, C_NEG, C_SQUARE };
/* Operations of a chain. */
#define C_AT_MOST 7

/* The first operand, changed by one operation after the other; args: the operands, then the result, which may lie where an
   operand does.  steps: of an element, or 0 for one that is for all.  Each operation is rounded, as in a loop of its own. */
typedef void (*c_chain)(const unsigned char *op, int count, char **args, const ptrdiff_t *steps, ptrdiff_t n);

/* By dtype: float64, float32. */
extern AUTODIFF_HIDDEN const c_chain c_chains_baseline[2];
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
extern AUTODIFF_HIDDEN const c_chain c_chains_avx2[2];
#endif

#endif
