/* What _arrays.pyx and the loops of sweeps share: arithmetic over a block of elements, sums of rows, and elements spread
   over them, by CPU level. */
#ifndef AUTODIFF_SWEEP_TYPES_H
#define AUTODIFF_SWEEP_TYPES_H

#include <stddef.h>

#if defined(__GNUC__)
#  define AUTODIFF_HIDDEN __attribute__((visibility("hidden")))
#else
#  define AUTODIFF_HIDDEN
#endif

/* Arithmetic on C_REGISTERS registers of some vectors each.  What is done to a register: with the next operand, 3 op + register;
   with another register, C_TWO + 9 op + 3 register + other; alone, C_NEG + register; with the next operand, which is one element for
   all, C_SAME + 3 op + register.  C_MOVE is a load or a copy. */
enum { C_MOVE, C_ADD, C_SUB, C_SUB_FROM, C_MUL, C_DIV, C_DIV_INTO, C_STORE, C_TWO = 24, C_NEG = 87, C_END = 90, C_SAME };
#define C_REGISTERS 3
/* Operations, C_END among them, and operands, which are those that are read and those that are written. */
#define C_CODES 32
#define C_OPERANDS 16

/* Ends in C_END.  args: the operands in the order in which they are read or written; steps: of an element; 0 for one that is
   for all, -1 if C_SAME says so, too.  What is written may lie where an operand does that no operation behind it reads.  Each operation is rounded, as in a
   loop of its own. */
typedef void (*c_chain)(const unsigned char *code, int operands, char **args, const ptrdiff_t *steps, ptrdiff_t n);

/* The sum of each of some rows of `columns` elements, which begin `step` bytes after one another. */
typedef void (*c_sums)(ptrdiff_t rows, ptrdiff_t columns, const char *x, ptrdiff_t step, char *out);

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
extern AUTODIFF_HIDDEN const c_sweeps c_sweeps_avx512;
#endif

#endif
