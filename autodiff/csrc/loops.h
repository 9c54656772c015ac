/* What the files of loops and _kernels.pyx share: NumPy's inner loops, and the table of one CPU level. */
#ifndef AUTODIFF_LOOPS_H
#define AUTODIFF_LOOPS_H

#include <Python.h>

/* Not seen outside the extension module. */
#if defined(__GNUC__)
#  define AUTODIFF_HIDDEN __attribute__((visibility("hidden")))
#else
#  define AUTODIFF_HIDDEN
#endif

typedef void (*Loop)(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data);
typedef void (*Partial)(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate);
typedef double (*Value1)(double x, double y);
typedef double (*Partial1)(double g, double x, double y, double out);

/* NumPy's inner loops: the name of a slot is that of the ufunc. */
typedef struct {
    Loop loop;
    void *data;
} Captured;

/* The slots that the kernels name; the others follow, see loops_rows.h. */
enum { SLOT_add, SLOT_exp, SLOT_maximum, SLOT_subtract, NAMED_SLOTS };
#define AUTODIFF_SLOTS 128
extern AUTODIFF_HIDDEN Captured captured[2][AUTODIFF_SLOTS];

/* The ufuncs that are captured, in the order of their slots. */
typedef struct {
    const char *name;
    int operands, logical;
} Slot;
extern AUTODIFF_HIDDEN const Slot slots[];
extern AUTODIFF_HIDDEN const int slot_count;

/* What holds of a row whatever the level. */
typedef struct {
    const char *name;
    int number, arity;
    int saves[2], is_g[2];      /* of dx and dy */
    int slot[2];                /* by dtype: of NumPy's loop that computes the value; -1: it is one of Loops */
} Row;
extern AUTODIFF_HIDDEN const Row rows[];
extern AUTODIFF_HIDDEN const int row_count;

/* What is rendered for a row at one dtype; NULL where the row has none, or where the value is NumPy's loop. */
typedef struct {
    Loop value;
    Partial dx, dy;
} Loops;

/* The same on doubles, compiled once: a scalar has the array's bits at every level. */
typedef struct {
    Value1 value;
    Partial1 dx, dy;
} Points;

/* By dtype, in the order of rows. */
extern AUTODIFF_HIDDEN const Points *const points[2];
extern AUTODIFF_HIDDEN const Loops *const loops_baseline[2];

/* The levels beyond the baseline: those that the compiler can compile, and whether this processor has them. */
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  define AUTODIFF_X86_LEVELS 1
extern AUTODIFF_HIDDEN const Loops *const loops_avx2[2];
extern AUTODIFF_HIDDEN const Loops *const loops_avx512[2];
#endif

#endif
