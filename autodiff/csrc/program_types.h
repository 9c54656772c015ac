/* What the code of recorded programs is made of, for those who make it and for the loops that run it: see program.h. */
#ifndef AUTODIFF_PROGRAM_TYPES_H
#define AUTODIFF_PROGRAM_TYPES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if !defined(AUTODIFF_HIDDEN)
#  if defined(__GNUC__)
#    define AUTODIFF_HIDDEN __attribute__((visibility("hidden")))
#  else
#    define AUTODIFF_HIDDEN
#  endif
#endif

/* What an item does.  A turn ends a segment; all before it have a slot. */
enum {
    P_ADD, P_SUB, P_MUL, P_DIV, P_NEG, P_SQUARE, P_SQRT,    /* of float64, by hand */
    P_CALL, P_CALL32,           /* any row, by its function of doubles */
    P_COPY,                     /* the value as it is */
    P_SELECT,                   /* of two operands the first, of which alone the value is */
    P_WHERE,                    /* of two operands the first where the slot before this one is not 0 */
    P_DEAD,                     /* nobody needs it: it has its slot and no value */
    P_CHECK,                    /* leaves the program where the value is not finite */
    P_TURNS,
    P_LT = P_TURNS, P_LE, P_GT, P_GE, P_EQ, P_NE,
    P_INT,                      /* whether the whole part is the constant b */
    P_END,
    /* In code: the first operand, or the second, is the value of the step before, which is still in a register.  To store
       it and to load it again takes twice as long as to compute with it. */
    P_FIRST = 32, P_SECOND = 64, P_OP = 31,
    P_ADD_F = P_FIRST, P_SUB_F, P_MUL_F, P_DIV_F, P_NEG_F, P_SQUARE_F, P_SQRT_F, P_CALL_F,
    P_ADD_S = P_SECOND, P_SUB_S, P_MUL_S, P_DIV_S
};

enum { P_SINGLE = 0x8000 };     /* in `row`: the result is a float32 */
enum { P_ROW_BITS = 9, P_ROWS = 1 << P_ROW_BITS };

typedef double (*point_value)(double x, double y);
typedef double (*point_partial)(double g, double x, double y, double out);
/* By dtype and row, filled as rows are recorded. */
typedef void (*block_value)(char **args, const ptrdiff_t *dimensions, const ptrdiff_t *steps, void *data);
typedef void (*block_partial)(char **args, const ptrdiff_t *steps, ptrdiff_t n, int accumulate);
typedef struct {
    point_value value;
    point_partial dx, dy;
    block_value values;         /* the same on many, of which the bits are the same */
    void *data;
    block_partial dxs, dys;
    uint8_t scales[2];          /* whether dx, dy is g times what does not depend on g */
    uint8_t turn;               /* of a comparison the turn that decides by it, else 0 */
} p_point;
extern AUTODIFF_HIDDEN p_point p_points[2][P_ROWS];

typedef struct {
    uint16_t op, row;           /* of a turn `row` is the way that was taken */
    int32_t a, b;
    int32_t where;              /* the place in the user's code */
} p_item;

/* Forward.  A step's value goes to the slot after that of the step before, whatever that did. */
typedef struct { uint16_t op, row; int32_t a, b; } p_step;
/* Reverse; gb of a call is the result's slot.  Most steps are short: they end before gb, where the next one begins. */
typedef struct { uint16_t op, row; int32_t g, ga, x, gb, y; } p_back;
enum { P_SHORT = offsetof(p_back, gb), P_LONG = sizeof(p_back) };

static inline int p_is_turn(int op) { return op >= P_TURNS; }
static inline int p_binary(int op)
{
    return op <= P_DIV || op == P_SELECT || op == P_WHERE || op == P_CALL || op == P_CALL32;
}

/* Reverse code: + 1 adds to ga, else sets it; of two operands + 2 adds to gb; a call's + 2 rounds to float32. */
enum {
    B_COPY = 0, B_NEG = 2, B_SCALE = 4, B_SQUARE = 6, B_DIV_X = 8, B_DIV_Y = 10, B_SQRT = 12, B_ZERO = 14,
    B_MUL = 16, B_DIV = 20, B_DX = 24, B_DY = 28, B_COPY32 = 32, B_PICK = 34, B_DROP = 36,
    B_END = 38, B_GO,           /* goes on in other code, whose address is in the step */
    B_LAST = 64, B_OP = 63      /* B_LAST: the cotangent is what the step before left at its ga, which is still in a register */
};

static inline int p_size(int op)
{
    op &= B_OP;
    return op == B_DIV_Y || op == B_DIV_Y + 1 || (op >= B_MUL && op < B_COPY32) ? P_LONG : P_SHORT;
}

static inline const p_back *p_after(const p_back *p, int size) { return (const p_back *)((const char *)p + size); }

static inline const p_back *p_target(const p_back *p)
{
    const p_back *to;
    memcpy(&to, &p->ga, sizeof to);
    return to;
}

/* ---- the loops, by CPU level: over 64 points, and over eight cotangents of one */

enum { P_BLOCK = 64, P_LANES = 8 };

typedef struct {
    const p_step *(*forward)(const p_step *p, double *v, int slot);     /* from a slot on, up to a check or a turn */
    uint64_t (*turn)(const p_step *p, const double *v);
    void (*backward)(const p_back *p, const double *v, double *g);
    void (*lanes_backward)(const p_back *p, const double *v, double *g);
} p_loops;

extern AUTODIFF_HIDDEN const p_loops p_loops_baseline;
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  define AUTODIFF_PROGRAM_LEVELS 1
extern AUTODIFF_HIDDEN const p_loops p_loops_avx2, p_loops_avx512;
#endif

#endif
