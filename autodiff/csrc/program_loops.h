/* The loops of recorded programs, compiled once for each CPU level, see program_types.h: 64 points side by side, or eight
   cotangents of one.  Lengths are known to the compiler, and the bits are the same at each level. */
#include "program_types.h"

#if defined(__clang__)
#  define LANES _Pragma("clang loop vectorize(assume_safety)") for (int k = 0; k < P_BLOCK; k++)
#elif defined(__GNUC__)
#  define LANES _Pragma("GCC ivdep") for (int k = 0; k < P_BLOCK; k++)
#else
#  define LANES for (int k = 0; k < P_BLOCK; k++)
#endif

static void p_block_backward(const p_back *p, const double *v, double *g)
{
    static const ptrdiff_t steps[5] = {8, 8, 8, 8, 8};
    for (; p->op != B_END; p = p_after(p, p_size(p->op))) {
        while (p->op == B_GO) p = p_target(p);
        if (p->op == B_END) return;
        const int more = p_size(p->op) == P_LONG;
        const double *c = g + (ptrdiff_t)p->g * P_BLOCK, *x = v + (ptrdiff_t)p->x * P_BLOCK;
        const double *y = more ? v + (ptrdiff_t)p->y * P_BLOCK : x;
        double *a = g + (ptrdiff_t)p->ga * P_BLOCK, *b = more ? g + (ptrdiff_t)p->gb * P_BLOCK : a;
        const p_point *point = &p_points[0][p->row & (P_ROWS - 1)];
        char *args[5] = {(char *)a, (char *)c, (char *)x, (char *)y, (char *)(v + (more ? (ptrdiff_t)p->gb * P_BLOCK : 0))};
        #define ONE(set, E) \
            case set: LANES a[k] = E; break; \
            case set + 1: LANES a[k] += E; break;
        /* One place for both, as of x * x: the second adds to it, then the first. */
        #define TWO(set, X, Y) \
            case set: LANES { double dx = X, dy = Y; b[k] = dy; a[k] = dx; } break; \
            case set + 1: \
                if (a == b) LANES { double dx = X, dy = Y; a[k] = dy + dx; } \
                else LANES { double dx = X, dy = Y; b[k] = dy; a[k] += dx; } \
                break; \
            case set + 2: LANES { double dx = X, dy = Y; b[k] += dy; a[k] = dx; } break; \
            case set + 3: \
                if (a == b) LANES { double dx = X, dy = Y; a[k] = (a[k] + dy) + dx; } \
                else LANES { double dx = X, dy = Y; b[k] += dy; a[k] += dx; } \
                break;
        switch (p->op & B_OP) {
            ONE(B_COPY, c[k])
            ONE(B_NEG, -c[k])
            ONE(B_SCALE, c[k] * x[k])
            ONE(B_SQUARE, c[k] * (2 * x[k]))
            ONE(B_DIV_X, c[k] / x[k])
            ONE(B_DIV_Y, -c[k] * (x[k] / y[k]) / y[k])
            ONE(B_SQRT, c[k] / (2 * x[k]))
            ONE(B_ZERO, 0.0)
            ONE(B_PICK, x[k] != 0 ? c[k] : 0.0)
            ONE(B_DROP, x[k] != 0 ? 0.0 : c[k])
            TWO(B_MUL, c[k] * y[k], c[k] * x[k])
            TWO(B_DIV, c[k] / y[k], -c[k] * (x[k] / y[k]) / y[k])
            case B_DX: case B_DX + 1: point->dxs(args, steps, P_BLOCK, p->op & 1); break;
            case B_DY: case B_DY + 1: point->dys(args, steps, P_BLOCK, p->op & 1); break;
            default: break;
        }
        #undef ONE
        #undef TWO
    }
}

static const p_step *p_block_forward(const p_step *p, double *v, int slot)
{
    static const ptrdiff_t steps[2] = {8, 8}, many = P_BLOCK;
    double *o = v + (ptrdiff_t)slot * P_BLOCK;
    for (; (p->op & P_OP) < P_CHECK; p++, o += P_BLOCK) {
        const double *a = v + (ptrdiff_t)p->a * P_BLOCK, *b = v + (ptrdiff_t)p->b * P_BLOCK;
        const p_point *point;
        char *args[2] = {(char *)a, (char *)o};
        switch (p->op & P_OP) {
            case P_ADD: LANES o[k] = a[k] + b[k]; break;
            case P_SUB: LANES o[k] = a[k] - b[k]; break;
            case P_MUL: LANES o[k] = a[k] * b[k]; break;
            case P_DIV: LANES o[k] = a[k] / b[k]; break;
            case P_NEG: LANES o[k] = -a[k]; break;
            case P_SQUARE: LANES o[k] = a[k] * a[k]; break;
            case P_SQRT: LANES o[k] = sqrt(a[k]); break;
            case P_COPY: case P_SELECT: LANES o[k] = a[k]; break;
            case P_WHERE: LANES o[k] = o[k - P_BLOCK] != 0 ? a[k] : b[k]; break;
            case P_CALL:
                point = &p_points[0][p->row & (P_ROWS - 1)];
                if (point->values != NULL) point->values(args, &many, steps, point->data);
                else switch (point->turn) {
                    case P_LT: LANES o[k] = a[k] < b[k]; break;
                    case P_LE: LANES o[k] = a[k] <= b[k]; break;
                    case P_GT: LANES o[k] = a[k] > b[k]; break;
                    case P_GE: LANES o[k] = a[k] >= b[k]; break;
                    case P_EQ: LANES o[k] = a[k] == b[k]; break;
                    case P_NE: LANES o[k] = a[k] != b[k]; break;
                    default: for (int k = 0; k < P_BLOCK; k++) o[k] = point->value(a[k], b[k]);
                }
                break;
            default: break;
        }
    }
    return p;
}

/* The lanes for which a turn holds. */
static uint64_t p_block_turn(const p_step *p, const double *v)
{
    const double *a = v + (ptrdiff_t)p->a * P_BLOCK, *b = v + (ptrdiff_t)p->b * P_BLOCK;
    uint8_t held[P_BLOCK];
    uint64_t lanes = 0;
    switch (p->op) {
        case P_LT: LANES held[k] = a[k] < b[k]; break;
        case P_LE: LANES held[k] = a[k] <= b[k]; break;
        case P_GT: LANES held[k] = a[k] > b[k]; break;
        case P_GE: LANES held[k] = a[k] >= b[k]; break;
        case P_EQ: LANES held[k] = a[k] == b[k]; break;
        case P_NE: LANES held[k] = a[k] != b[k]; break;
        case P_INT: LANES held[k] = trunc(a[k]) == b[k]; break;
        default: LANES held[k] = isfinite(a[k]) != 0; break;        /* P_CHECK */
    }
    for (int k = 0; k < P_BLOCK; k++) lanes |= (uint64_t)held[k] << k;
    return lanes;
}

#if defined(__clang__)
#  define EIGHT _Pragma("clang loop vectorize(assume_safety)") for (int k = 0; k < P_LANES; k++)
#elif defined(__GNUC__)
#  define EIGHT _Pragma("GCC ivdep") for (int k = 0; k < P_LANES; k++)
#else
#  define EIGHT for (int k = 0; k < P_LANES; k++)
#endif

/* Reverse code over the values of one point, for eight cotangents side by side. */
static void p_lanes_backward(const p_back *p, const double *v, double *g)
{
    for (; p->op != B_END; p = p_after(p, p_size(p->op))) {
        const int more = p_size(p->op) == P_LONG;
        const double *c = g + (ptrdiff_t)p->g * P_LANES;
        double *a = g + (ptrdiff_t)p->ga * P_LANES, *b = more ? g + (ptrdiff_t)p->gb * P_LANES : a;
        const double x = v[p->x], y = more ? v[p->y] : 0.0;
        double s;
        #define ONE(set, E) \
            case set: EIGHT a[k] = E; break; \
            case set + 1: EIGHT a[k] += E; break;
        /* One place for both, as of x * x: the second adds to it, then the first. */
        #define TWO(set, X, Y) \
            case set: EIGHT { double dx = X, dy = Y; b[k] = dy; a[k] = dx; } break; \
            case set + 1: \
                if (a == b) EIGHT { double dx = X, dy = Y; a[k] = dy + dx; } \
                else EIGHT { double dx = X, dy = Y; b[k] = dy; a[k] += dx; } \
                break; \
            case set + 2: EIGHT { double dx = X, dy = Y; b[k] += dy; a[k] = dx; } break; \
            case set + 3: \
                if (a == b) EIGHT { double dx = X, dy = Y; a[k] = (a[k] + dy) + dx; } \
                else EIGHT { double dx = X, dy = Y; b[k] += dy; a[k] += dx; } \
                break;
        switch (p->op & B_OP) {
            ONE(B_COPY, c[k])
            ONE(B_NEG, -c[k])
            ONE(B_SCALE, c[k] * x)
            ONE(B_SQUARE, c[k] * (2 * x))
            ONE(B_DIV_X, c[k] / x)
            ONE(B_DIV_Y, -c[k] * (x / y) / y)
            ONE(B_SQRT, c[k] / (2 * x))
            ONE(B_ZERO, 0.0)
            ONE(B_PICK, x != 0 ? c[k] : 0.0)
            ONE(B_DROP, x != 0 ? 0.0 : c[k])
            TWO(B_MUL, c[k] * y, c[k] * x)
            TWO(B_DIV, c[k] / y, -c[k] * (x / y) / y)
            default: {
                const p_point *point = &p_points[0][p->row & (P_ROWS - 1)];
                const double out = v[p->gb];
                const int second = (p->op & B_OP & ~1) == B_DY;
                const point_partial partial = second ? point->dy : point->dx;
                if (second ? point->scales[1] : point->scales[0]) {     /* its text is g * (...): 1 * (...) has the bits */
                    s = partial(1.0, x, y, out);
                    if (p->op & 1) EIGHT a[k] += c[k] * s;
                    else EIGHT a[k] = c[k] * s;
                }
                else if (p->op & 1) for (int k = 0; k < P_LANES; k++) a[k] += partial(c[k], x, y, out);
                else for (int k = 0; k < P_LANES; k++) a[k] = partial(c[k], x, y, out);
            }
        }
        #undef ONE
        #undef TWO
    }
}

const p_loops LEVEL(p_loops) = {p_block_forward, p_block_turn, p_block_backward, p_lanes_backward};
