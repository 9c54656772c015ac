/* The catalogue's rows as C loops over strided memory and as C functions of doubles, for one CPU level.

   Rendered from rules.py by _render.py; compiled once for each of the levels, by _loops_baseline.c and its neighbours,
   which say how their names end (LEVEL) and whether the functions of doubles are theirs (AUTODIFF_POINTS).  Contraction
   being off, the bits are the same at each level: the wider vectors only take fewer steps.

   Read in this order: the arithmetic and NumPy's loops for each dtype, the rows, the tables. */
#include <math.h>
#include <stddef.h>
#include "_loops.h"

enum {
    LAST_NAMED_SLOT = NAMED_SLOTS - 1,
    SLOT_absolute,
    SLOT_arccos,
    SLOT_arccosh,
    SLOT_arcsin,
    SLOT_arcsinh,
    SLOT_arctan,
    SLOT_arctanh,
    SLOT_cbrt,
    SLOT_ceil,
    SLOT_copysign,
    SLOT_cos,
    SLOT_cosh,
    SLOT_equal,
    SLOT_exp2,
    SLOT_expm1,
    SLOT_floor,
    SLOT_fmax,
    SLOT_fmin,
    SLOT_greater,
    SLOT_greater_equal,
    SLOT_isfinite,
    SLOT_isinf,
    SLOT_isnan,
    SLOT_less,
    SLOT_less_equal,
    SLOT_log,
    SLOT_log10,
    SLOT_log1p,
    SLOT_log2,
    SLOT_logical_and,
    SLOT_logical_not,
    SLOT_logical_or,
    SLOT_logical_xor,
    SLOT_minimum,
    SLOT_multiply,
    SLOT_negative,
    SLOT_not_equal,
    SLOT_positive,
    SLOT_power,
    SLOT_reciprocal,
    SLOT_rint,
    SLOT_signbit,
    SLOT_sin,
    SLOT_sinh,
    SLOT_sqrt,
    SLOT_square,
    SLOT_tan,
    SLOT_tanh,
    SLOT_true_divide,
    SLOT_trunc,
    SLOTS
};
typedef char slots_fit[SLOTS <= AUTODIFF_SLOTS ? 1 : -1];

/* Elements evaluated at a time: a few blocks of doubles stay in the first-level cache. */
#define BLOCK 512

/* Every loop reads an element before it writes the same element, whichever operands share a buffer. */
#if defined(__clang__)
#  define EACH(count) _Pragma("clang loop vectorize(assume_safety)") for (Py_ssize_t i = 0; i < (count); i++)
#elif defined(__GNUC__)
#  define EACH(count) _Pragma("GCC ivdep") for (Py_ssize_t i = 0; i < (count); i++)
#elif defined(_MSC_VER)
#  define EACH(count) __pragma(loop(ivdep)) for (Py_ssize_t i = 0; i < (count); i++)
#else
#  define EACH(count) for (Py_ssize_t i = 0; i < (count); i++)
#endif

/* What a loop calls once in a block at most: in each of a thousand loops it was a third of the time that they compile. */
#if defined(_MSC_VER)
#  define OUT_OF_LINE __declspec(noinline)
#else
#  define OUT_OF_LINE __attribute__((noinline))
#endif

#include "_vector.h"
#include "_vector_division.h"
#include "_vector_plane.h"
#include "_vector_gamma.h"
#include "_special.h"
static inline double abs_float64(double x) { return fabs(x); }
static inline double sqrt_float64(double x) { return sqrt(x); }
static inline double square_float64(double x) { return x * x; }
static inline double flat_float64(double x) { (void)x; return 0; }
static inline double kink_float64(double x) { (void)x; return 0; }
static inline double hole_float64(double x) { return x == 0 ? x / x : 0; }
static inline double pow_slope_at_0_float64(double x, double y) { (void)x; (void)y; return 0; }

/* A block filled with the elements of a strided operand. */
static OUT_OF_LINE const double *gathered_block_float64(
    const char *source, Py_ssize_t step, Py_ssize_t start, Py_ssize_t count, double *block)
{
    if (step == 0) {
        /* The later blocks of a broadcast operand are no longer than the first. */
        if (start == 0) {
            const double same = *(const double *)source;
            EACH(count) block[i] = same;
        }
        return block;
    }
    source += start * step;
    for (Py_ssize_t i = 0; i < count; i++) block[i] = *(const double *)(source + i * step);
    return block;
}

/* A strided operand as a contiguous one: itself, or a block filled with its elements. */
static inline const double *gathered_float64(
    const char *source, Py_ssize_t step, Py_ssize_t start, Py_ssize_t count, double *block)
{
    if (step == (Py_ssize_t)sizeof(double)) return (const double *)source + start;
    return gathered_block_float64(source, step, start, count, block);
}

/* A block written to strided memory; into a single element it is summed as NumPy sums. */
static OUT_OF_LINE void scatter_float64(char *target, Py_ssize_t step, Py_ssize_t count, double *block, int accumulate)
{
    if (!accumulate) {
        for (Py_ssize_t i = 0; i < count; i++) *(double *)(target + i * step) = block[i];
    }
    else if (step != 0) {
        for (Py_ssize_t i = 0; i < count; i++) *(double *)(target + i * step) += block[i];
    }
    else {
        const Captured *const add = &captured[0][SLOT_add];
        char *args[3] = {target, (char *)block, target};
        const Py_ssize_t steps[3] = {0, sizeof(double), 0};
        add->loop(args, &count, steps, add->data);
    }
}

static inline double unary_float64(int slot, double x)
{
    const Captured *const function = &captured[0][slot];
    const Py_ssize_t one = 1, steps[2] = {sizeof(double), sizeof(double)};
    double out;
    char *args[2] = {(char *)&x, (char *)&out};
    function->loop(args, &one, steps, function->data);
    return out;
}

static inline void unary_block_float64(int slot, const double *x, double *out, Py_ssize_t count)
{
    const Captured *const function = &captured[0][slot];
    const Py_ssize_t steps[2] = {sizeof(double), sizeof(double)};
    char *args[2] = {(char *)x, (char *)out};
    function->loop(args, &count, steps, function->data);
}

static inline double binary_float64(int slot, double x, double y)
{
    const Captured *const function = &captured[0][slot];
    const Py_ssize_t one = 1, steps[3] = {sizeof(double), sizeof(double), sizeof(double)};
    double out;
    char *args[3] = {(char *)&x, (char *)&y, (char *)&out};
    function->loop(args, &one, steps, function->data);
    return out;
}

static inline void binary_block_float64(
    int slot, const double *x, const double *y, double *out, Py_ssize_t count)
{
    const Captured *const function = &captured[0][slot];
    const Py_ssize_t steps[3] = {sizeof(double), sizeof(double), sizeof(double)};
    char *args[3] = {(char *)x, (char *)y, (char *)out};
    function->loop(args, &count, steps, function->data);
}
static inline double exp_float64(double x) { return unary_float64(SLOT_exp, x); }
static inline void exp_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_exp, x, out, count); }
static inline double log_float64(double x) { return unary_float64(SLOT_log, x); }
static inline void log_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_log, x, out, count); }
static inline double tanh_float64(double x) { return unary_float64(SLOT_tanh, x); }
static inline void tanh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_tanh, x, out, count); }
static inline double tan_float64(double x) { return unary_float64(SLOT_tan, x); }
static inline void tan_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_tan, x, out, count); }
static inline double exp2_float64(double x) { return unary_float64(SLOT_exp2, x); }
static inline void exp2_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_exp2, x, out, count); }
static inline double expm1_float64(double x) { return unary_float64(SLOT_expm1, x); }
static inline void expm1_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_expm1, x, out, count); }
static inline double log1p_float64(double x) { return unary_float64(SLOT_log1p, x); }
static inline void log1p_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_log1p, x, out, count); }
static inline double log2_float64(double x) { return unary_float64(SLOT_log2, x); }
static inline void log2_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_log2, x, out, count); }
static inline double log10_float64(double x) { return unary_float64(SLOT_log10, x); }
static inline void log10_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_log10, x, out, count); }
static inline double cbrt_float64(double x) { return unary_float64(SLOT_cbrt, x); }
static inline void cbrt_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_cbrt, x, out, count); }
static inline double asin_float64(double x) { return unary_float64(SLOT_arcsin, x); }
static inline void asin_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arcsin, x, out, count); }
static inline double acos_float64(double x) { return unary_float64(SLOT_arccos, x); }
static inline void acos_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arccos, x, out, count); }
static inline double atan_float64(double x) { return unary_float64(SLOT_arctan, x); }
static inline void atan_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arctan, x, out, count); }
static inline double sinh_float64(double x) { return unary_float64(SLOT_sinh, x); }
static inline void sinh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_sinh, x, out, count); }
static inline double cosh_float64(double x) { return unary_float64(SLOT_cosh, x); }
static inline void cosh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_cosh, x, out, count); }
static inline double asinh_float64(double x) { return unary_float64(SLOT_arcsinh, x); }
static inline void asinh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arcsinh, x, out, count); }
static inline double acosh_float64(double x) { return unary_float64(SLOT_arccosh, x); }
static inline void acosh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arccosh, x, out, count); }
static inline double atanh_float64(double x) { return unary_float64(SLOT_arctanh, x); }
static inline void atanh_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_arctanh, x, out, count); }
static inline double floor_float64(double x) { return unary_float64(SLOT_floor, x); }
static inline void floor_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_floor, x, out, count); }
static inline double ceil_float64(double x) { return unary_float64(SLOT_ceil, x); }
static inline void ceil_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_ceil, x, out, count); }
static inline double trunc_float64(double x) { return unary_float64(SLOT_trunc, x); }
static inline void trunc_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_trunc, x, out, count); }
static inline double rint_float64(double x) { return unary_float64(SLOT_rint, x); }
static inline void rint_block_float64(const double *x, double *out, Py_ssize_t count)
{ unary_block_float64(SLOT_rint, x, out, count); }
static inline double maximum_float64(double x, double y) { return binary_float64(SLOT_maximum, x, y); }
static inline void maximum_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{ binary_block_float64(SLOT_maximum, x, y, out, count); }
static inline double minimum_float64(double x, double y) { return binary_float64(SLOT_minimum, x, y); }
static inline void minimum_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{ binary_block_float64(SLOT_minimum, x, y, out, count); }
static inline double fmax_float64(double x, double y) { return binary_float64(SLOT_fmax, x, y); }
static inline void fmax_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{ binary_block_float64(SLOT_fmax, x, y, out, count); }
static inline double fmin_float64(double x, double y) { return binary_float64(SLOT_fmin, x, y); }
static inline void fmin_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{ binary_block_float64(SLOT_fmin, x, y, out, count); }
static inline double copysign_float64(double x, double y) { return binary_float64(SLOT_copysign, x, y); }
static inline void copysign_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{ binary_block_float64(SLOT_copysign, x, y, out, count); }

/* Powers.  NumPy's loop computes the exponents -1, 0, 1/2, 1 and 2 by simple arithmetic where the exponent is a
   single number, and by its general power, up to an ulp away, where it comes element by element.  A value follows
   NumPy in this; a derivative takes the simple arithmetic always, so that its bits are a function of the numbers
   alone and the derivative of x**3 costs no power. */
static inline int simple_power_float64(double x, double y, double *out)
{
    if (y == 2) *out = x * x;
    else if (y == 1) *out = x;
    else if (y == 0) *out = 1;
    else if (y == -1) *out = 1 / x;
    else if (y == (double)0.5) *out = sqrt_float64(x);
    else return 0;
    return 1;
}

static inline void power_loop_float64(
    const double *x, const double *y, Py_ssize_t y_step, double *out, Py_ssize_t count)
{
    const Captured *const power = &captured[0][SLOT_power];
    const Py_ssize_t steps[3] = {sizeof(double), y_step, sizeof(double)};
    char *args[3] = {(char *)x, (char *)y, (char *)out};
    power->loop(args, &count, steps, power->data);
}

#ifdef AUTODIFF_POINTS
static double pow_value_float64(double x, double y)
{
    double out;
    power_loop_float64(&x, &y, 0, &out, 1);
    return out;
}

static double pow_float64(double x, double y)
{
    double out;
    if (!simple_power_float64(x, y, &out)) power_loop_float64(&x, &y, sizeof(double), &out, 1);
    return out;
}
#endif

static void pow_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{
    Py_ssize_t done = 0;
    int simple = 0;
    while (done < count && simple_power_float64(x[done], y[done], &out[done])) done++;
    if (done == count) return;
    power_loop_float64(x, y, sizeof(double), out, count);
    EACH(count) simple |= (y[i] == 2) | (y[i] == 1) | (y[i] == 0) | (y[i] == -1) | (y[i] == (double)0.5);
    if (simple) for (Py_ssize_t i = 0; i < count; i++) simple_power_float64(x[i], y[i], &out[i]);
}
static inline float abs_float32(float x) { return fabsf(x); }
static inline float sqrt_float32(float x) { return sqrtf(x); }
static inline float square_float32(float x) { return x * x; }
static inline float flat_float32(float x) { (void)x; return 0; }
static inline float kink_float32(float x) { (void)x; return 0; }
static inline float hole_float32(float x) { return x == 0 ? x / x : 0; }
static inline float pow_slope_at_0_float32(float x, float y) { (void)x; (void)y; return 0; }

/* A block filled with the elements of a strided operand. */
static OUT_OF_LINE const float *gathered_block_float32(
    const char *source, Py_ssize_t step, Py_ssize_t start, Py_ssize_t count, float *block)
{
    if (step == 0) {
        /* The later blocks of a broadcast operand are no longer than the first. */
        if (start == 0) {
            const float same = *(const float *)source;
            EACH(count) block[i] = same;
        }
        return block;
    }
    source += start * step;
    for (Py_ssize_t i = 0; i < count; i++) block[i] = *(const float *)(source + i * step);
    return block;
}

/* A strided operand as a contiguous one: itself, or a block filled with its elements. */
static inline const float *gathered_float32(
    const char *source, Py_ssize_t step, Py_ssize_t start, Py_ssize_t count, float *block)
{
    if (step == (Py_ssize_t)sizeof(float)) return (const float *)source + start;
    return gathered_block_float32(source, step, start, count, block);
}

/* A block written to strided memory; into a single element it is summed as NumPy sums. */
static OUT_OF_LINE void scatter_float32(char *target, Py_ssize_t step, Py_ssize_t count, float *block, int accumulate)
{
    if (!accumulate) {
        for (Py_ssize_t i = 0; i < count; i++) *(float *)(target + i * step) = block[i];
    }
    else if (step != 0) {
        for (Py_ssize_t i = 0; i < count; i++) *(float *)(target + i * step) += block[i];
    }
    else {
        const Captured *const add = &captured[1][SLOT_add];
        char *args[3] = {target, (char *)block, target};
        const Py_ssize_t steps[3] = {0, sizeof(float), 0};
        add->loop(args, &count, steps, add->data);
    }
}

static inline float unary_float32(int slot, float x)
{
    const Captured *const function = &captured[1][slot];
    const Py_ssize_t one = 1, steps[2] = {sizeof(float), sizeof(float)};
    float out;
    char *args[2] = {(char *)&x, (char *)&out};
    function->loop(args, &one, steps, function->data);
    return out;
}

static inline void unary_block_float32(int slot, const float *x, float *out, Py_ssize_t count)
{
    const Captured *const function = &captured[1][slot];
    const Py_ssize_t steps[2] = {sizeof(float), sizeof(float)};
    char *args[2] = {(char *)x, (char *)out};
    function->loop(args, &count, steps, function->data);
}

static inline float binary_float32(int slot, float x, float y)
{
    const Captured *const function = &captured[1][slot];
    const Py_ssize_t one = 1, steps[3] = {sizeof(float), sizeof(float), sizeof(float)};
    float out;
    char *args[3] = {(char *)&x, (char *)&y, (char *)&out};
    function->loop(args, &one, steps, function->data);
    return out;
}

static inline void binary_block_float32(
    int slot, const float *x, const float *y, float *out, Py_ssize_t count)
{
    const Captured *const function = &captured[1][slot];
    const Py_ssize_t steps[3] = {sizeof(float), sizeof(float), sizeof(float)};
    char *args[3] = {(char *)x, (char *)y, (char *)out};
    function->loop(args, &count, steps, function->data);
}
static inline float exp_float32(float x) { return unary_float32(SLOT_exp, x); }
static inline void exp_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_exp, x, out, count); }
static inline float log_float32(float x) { return unary_float32(SLOT_log, x); }
static inline void log_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_log, x, out, count); }
static inline float sin_float32(float x) { return unary_float32(SLOT_sin, x); }
static inline void sin_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_sin, x, out, count); }
static inline float cos_float32(float x) { return unary_float32(SLOT_cos, x); }
static inline void cos_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_cos, x, out, count); }
static inline float tanh_float32(float x) { return unary_float32(SLOT_tanh, x); }
static inline void tanh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_tanh, x, out, count); }
static inline float tan_float32(float x) { return unary_float32(SLOT_tan, x); }
static inline void tan_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_tan, x, out, count); }
static inline float exp2_float32(float x) { return unary_float32(SLOT_exp2, x); }
static inline void exp2_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_exp2, x, out, count); }
static inline float expm1_float32(float x) { return unary_float32(SLOT_expm1, x); }
static inline void expm1_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_expm1, x, out, count); }
static inline float log1p_float32(float x) { return unary_float32(SLOT_log1p, x); }
static inline void log1p_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_log1p, x, out, count); }
static inline float log2_float32(float x) { return unary_float32(SLOT_log2, x); }
static inline void log2_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_log2, x, out, count); }
static inline float log10_float32(float x) { return unary_float32(SLOT_log10, x); }
static inline void log10_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_log10, x, out, count); }
static inline float cbrt_float32(float x) { return unary_float32(SLOT_cbrt, x); }
static inline void cbrt_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_cbrt, x, out, count); }
static inline float asin_float32(float x) { return unary_float32(SLOT_arcsin, x); }
static inline void asin_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arcsin, x, out, count); }
static inline float acos_float32(float x) { return unary_float32(SLOT_arccos, x); }
static inline void acos_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arccos, x, out, count); }
static inline float atan_float32(float x) { return unary_float32(SLOT_arctan, x); }
static inline void atan_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arctan, x, out, count); }
static inline float sinh_float32(float x) { return unary_float32(SLOT_sinh, x); }
static inline void sinh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_sinh, x, out, count); }
static inline float cosh_float32(float x) { return unary_float32(SLOT_cosh, x); }
static inline void cosh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_cosh, x, out, count); }
static inline float asinh_float32(float x) { return unary_float32(SLOT_arcsinh, x); }
static inline void asinh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arcsinh, x, out, count); }
static inline float acosh_float32(float x) { return unary_float32(SLOT_arccosh, x); }
static inline void acosh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arccosh, x, out, count); }
static inline float atanh_float32(float x) { return unary_float32(SLOT_arctanh, x); }
static inline void atanh_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_arctanh, x, out, count); }
static inline float floor_float32(float x) { return unary_float32(SLOT_floor, x); }
static inline void floor_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_floor, x, out, count); }
static inline float ceil_float32(float x) { return unary_float32(SLOT_ceil, x); }
static inline void ceil_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_ceil, x, out, count); }
static inline float trunc_float32(float x) { return unary_float32(SLOT_trunc, x); }
static inline void trunc_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_trunc, x, out, count); }
static inline float rint_float32(float x) { return unary_float32(SLOT_rint, x); }
static inline void rint_block_float32(const float *x, float *out, Py_ssize_t count)
{ unary_block_float32(SLOT_rint, x, out, count); }
static inline float maximum_float32(float x, float y) { return binary_float32(SLOT_maximum, x, y); }
static inline void maximum_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{ binary_block_float32(SLOT_maximum, x, y, out, count); }
static inline float minimum_float32(float x, float y) { return binary_float32(SLOT_minimum, x, y); }
static inline void minimum_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{ binary_block_float32(SLOT_minimum, x, y, out, count); }
static inline float fmax_float32(float x, float y) { return binary_float32(SLOT_fmax, x, y); }
static inline void fmax_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{ binary_block_float32(SLOT_fmax, x, y, out, count); }
static inline float fmin_float32(float x, float y) { return binary_float32(SLOT_fmin, x, y); }
static inline void fmin_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{ binary_block_float32(SLOT_fmin, x, y, out, count); }
static inline float copysign_float32(float x, float y) { return binary_float32(SLOT_copysign, x, y); }
static inline void copysign_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{ binary_block_float32(SLOT_copysign, x, y, out, count); }

/* Powers.  NumPy's loop computes the exponents -1, 0, 1/2, 1 and 2 by simple arithmetic where the exponent is a
   single number, and by its general power, up to an ulp away, where it comes element by element.  A value follows
   NumPy in this; a derivative takes the simple arithmetic always, so that its bits are a function of the numbers
   alone and the derivative of x**3 costs no power. */
static inline int simple_power_float32(float x, float y, float *out)
{
    if (y == 2) *out = x * x;
    else if (y == 1) *out = x;
    else if (y == 0) *out = 1;
    else if (y == -1) *out = 1 / x;
    else if (y == (float)0.5) *out = sqrt_float32(x);
    else return 0;
    return 1;
}

static inline void power_loop_float32(
    const float *x, const float *y, Py_ssize_t y_step, float *out, Py_ssize_t count)
{
    const Captured *const power = &captured[1][SLOT_power];
    const Py_ssize_t steps[3] = {sizeof(float), y_step, sizeof(float)};
    char *args[3] = {(char *)x, (char *)y, (char *)out};
    power->loop(args, &count, steps, power->data);
}

#ifdef AUTODIFF_POINTS
static float pow_value_float32(float x, float y)
{
    float out;
    power_loop_float32(&x, &y, 0, &out, 1);
    return out;
}

static float pow_float32(float x, float y)
{
    float out;
    if (!simple_power_float32(x, y, &out)) power_loop_float32(&x, &y, sizeof(float), &out, 1);
    return out;
}
#endif

static void pow_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{
    Py_ssize_t done = 0;
    int simple = 0;
    while (done < count && simple_power_float32(x[done], y[done], &out[done])) done++;
    if (done == count) return;
    power_loop_float32(x, y, sizeof(float), out, count);
    EACH(count) simple |= (y[i] == 2) | (y[i] == 1) | (y[i] == 0) | (y[i] == -1) | (y[i] == (float)0.5);
    if (simple) for (Py_ssize_t i = 0; i < count; i++) simple_power_float32(x[i], y[i], &out[i]);
}
/* ---- the rows */
/* add, value, float64: x + y */
#ifdef AUTODIFF_POINTS
static double add_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)(x + y);
}
#endif
/* add, dx, float64: g */
static void add_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double add_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* add, dy, float64: g */
static void add_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double add_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* add, value, float32: x + y */
#ifdef AUTODIFF_POINTS
static double add_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)(x + y);
}
#endif
/* add, dx, float32: g */
static void add_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double add_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* add, dy, float32: g */
static void add_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double add_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* sub, value, float64: x - y */
#ifdef AUTODIFF_POINTS
static double sub_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)(x - y);
}
#endif
/* sub, dx, float64: g */
static void sub_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sub_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* sub, dy, float64: -g */
static void sub_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sub_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* sub, value, float32: x - y */
#ifdef AUTODIFF_POINTS
static double sub_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)(x - y);
}
#endif
/* sub, dx, float32: g */
static void sub_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sub_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* sub, dy, float32: -g */
static void sub_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sub_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* mul, value, float64: x * y */
#ifdef AUTODIFF_POINTS
static double mul_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)(x * y);
}
#endif
/* mul, dx, float64: g * y */
static void mul_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[3] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * y[i]); }
        else
        { EACH(count) dst[i] = (g[i] * y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double mul_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double y = (double)y_;
    (void)x_; (void)out_;
    return (double)(g * y);
}
#endif
/* mul, dy, float64: g * x */
static void mul_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * x[i]); }
        else
        { EACH(count) dst[i] = (g[i] * x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double mul_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * x);
}
#endif
/* mul, value, float32: x * y */
#ifdef AUTODIFF_POINTS
static double mul_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)(x * y);
}
#endif
/* mul, dx, float32: g * y */
static void mul_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[3] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * y[i]); }
        else
        { EACH(count) dst[i] = (g[i] * y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double mul_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float y = (float)y_;
    (void)x_; (void)out_;
    return (double)(g * y);
}
#endif
/* mul, dy, float32: g * x */
static void mul_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * x[i]); }
        else
        { EACH(count) dst[i] = (g[i] * x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double mul_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * x);
}
#endif
/* div, value, float64: x / y */
#ifdef AUTODIFF_POINTS
static double div_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)(x / y);
}
#endif
/* div, dx, float64: g / y */
static void div_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[3] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / y[i]); }
        else
        { EACH(count) dst[i] = (g[i] / y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double div_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double y = (double)y_;
    (void)x_; (void)out_;
    return (double)(g / y);
}
#endif
/* div, dy, float64: -g * (x / y) / y */
static void div_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * (x[i] / y[i])) / y[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * (x[i] / y[i])) / y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double div_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(((-g) * (x / y)) / y);
}
#endif
/* div, value, float32: x / y */
#ifdef AUTODIFF_POINTS
static double div_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)(x / y);
}
#endif
/* div, dx, float32: g / y */
static void div_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[3] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / y[i]); }
        else
        { EACH(count) dst[i] = (g[i] / y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double div_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float y = (float)y_;
    (void)x_; (void)out_;
    return (double)(g / y);
}
#endif
/* div, dy, float32: -g * (x / y) / y */
static void div_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * (x[i] / y[i])) / y[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * (x[i] / y[i])) / y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double div_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(((-g) * (x / y)) / y);
}
#endif
/* pow, value, float64: pow(x, y) */
#ifdef AUTODIFF_POINTS
static double pow_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)pow_value_float64(x, y);
}
#endif
/* pow, dx, float64: g * where(y == 0, pow_slope_at_0(x, y), y * (pow(where(y == 0, 1, x), y - 1) + kink(where(x == 0, y - 1, 1)))) */
static void pow_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0) ? 1.0 : x[i]);
        EACH(count) block_1[i] = (y[i] - 1.0);
        pow_block_float64(block_0, block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0) ?
            pow_slope_at_0_float64(x[i], y[i]) : (y[i] * (block_2[i] + kink_float64(((x[i] == 0.0) ? (y[i] - 1.0) :
            1.0)))))); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0) ? pow_slope_at_0_float64(x[i], y[i]) : (y[i] * (block_2[i] +
            kink_float64(((x[i] == 0.0) ? (y[i] - 1.0) : 1.0)))))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * ((y == 0.0) ? pow_slope_at_0_float64(x, y) : (y * (pow_float64(((y == 0.0) ? 1.0 : x), (y -
        1.0)) + kink_float64(((x == 0.0) ? (y - 1.0) : 1.0))))));
}
#endif
/* pow, dy, float64: g * where(x == 0, where(y < 0, -out, out * log(where(x == 0, 1, x)) + kink(where(y <= 1, x, 1)) + kink(abs(x) + abs(y))), out * log(where(x == 0, 1, x))) */
static void pow_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], out_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] == 0.0) ? 1.0 : x[i]);
        log_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((x[i] == 0.0) ? ((y[i] < 0.0) ?
            (-out[i]) : (((out[i] * block_1[i]) + kink_float64(((y[i] <= 1.0) ? x[i] : 1.0))) +
            kink_float64((abs_float64(x[i]) + abs_float64(y[i]))))) : (out[i] * block_1[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * ((x[i] == 0.0) ? ((y[i] < 0.0) ? (-out[i]) : (((out[i] * block_1[i]) +
            kink_float64(((y[i] <= 1.0) ? x[i] : 1.0))) + kink_float64((abs_float64(x[i]) + abs_float64(y[i]))))) :
            (out[i] * block_1[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    double out = (double)out_;
    return (double)(g * ((x == 0.0) ? ((y < 0.0) ? (-out) : (((out * log_float64(((x == 0.0) ? 1.0 : x))) +
        kink_float64(((y <= 1.0) ? x : 1.0))) + kink_float64((abs_float64(x) + abs_float64(y))))) : (out *
        log_float64(((x == 0.0) ? 1.0 : x)))));
}
#endif
/* pow, value, float32: pow(x, y) */
#ifdef AUTODIFF_POINTS
static double pow_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)pow_value_float32(x, y);
}
#endif
/* pow, dx, float32: g * where(y == 0, pow_slope_at_0(x, y), y * (pow(where(y == 0, 1, x), y - 1) + kink(where(x == 0, y - 1, 1)))) */
static void pow_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0f) ? 1.0f : x[i]);
        EACH(count) block_1[i] = (y[i] - 1.0f);
        pow_block_float32(block_0, block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0f) ?
            pow_slope_at_0_float32(x[i], y[i]) : (y[i] * (block_2[i] + kink_float32(((x[i] == 0.0f) ? (y[i] - 1.0f)
            : 1.0f)))))); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0f) ? pow_slope_at_0_float32(x[i], y[i]) : (y[i] * (block_2[i] +
            kink_float32(((x[i] == 0.0f) ? (y[i] - 1.0f) : 1.0f)))))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * ((y == 0.0f) ? pow_slope_at_0_float32(x, y) : (y * (pow_float32(((y == 0.0f) ? 1.0f : x), (y
        - 1.0f)) + kink_float32(((x == 0.0f) ? (y - 1.0f) : 1.0f))))));
}
#endif
/* pow, dy, float32: g * where(x == 0, where(y < 0, -out, out * log(where(x == 0, 1, x)) + kink(where(y <= 1, x, 1)) + kink(abs(x) + abs(y))), out * log(where(x == 0, 1, x))) */
static void pow_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], out_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] == 0.0f) ? 1.0f : x[i]);
        log_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((x[i] == 0.0f) ? ((y[i] < 0.0f) ?
            (-out[i]) : (((out[i] * block_1[i]) + kink_float32(((y[i] <= 1.0f) ? x[i] : 1.0f))) +
            kink_float32((abs_float32(x[i]) + abs_float32(y[i]))))) : (out[i] * block_1[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * ((x[i] == 0.0f) ? ((y[i] < 0.0f) ? (-out[i]) : (((out[i] * block_1[i]) +
            kink_float32(((y[i] <= 1.0f) ? x[i] : 1.0f))) + kink_float32((abs_float32(x[i]) + abs_float32(y[i])))))
            : (out[i] * block_1[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    float out = (float)out_;
    return (double)(g * ((x == 0.0f) ? ((y < 0.0f) ? (-out) : (((out * log_float32(((x == 0.0f) ? 1.0f : x))) +
        kink_float32(((y <= 1.0f) ? x : 1.0f))) + kink_float32((abs_float32(x) + abs_float32(y))))) : (out *
        log_float32(((x == 0.0f) ? 1.0f : x)))));
}
#endif
/* flat, value, float64: where(x == x, 0, 0) */
static void flat_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == x[i]) ? 0.0 : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double flat_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x == x) ? 0.0 : 0.0);
}
#endif
/* flat, dx, float64: 0 */
static void flat_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double flat_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* flat, value, float32: where(x == x, 0, 0) */
static void flat_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == x[i]) ? 0.0f : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double flat_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x == x) ? 0.0f : 0.0f);
}
#endif
/* flat, dx, float32: 0 */
static void flat_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double flat_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* kink, value, float64: where(x == x, 0, 0) */
static void kink_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == x[i]) ? 0.0 : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double kink_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x == x) ? 0.0 : 0.0);
}
#endif
/* kink, dx, float64: g * hole(x) */
static void kink_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * hole_float64(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * hole_float64(x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double kink_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * hole_float64(x));
}
#endif
/* kink, value, float32: where(x == x, 0, 0) */
static void kink_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == x[i]) ? 0.0f : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double kink_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x == x) ? 0.0f : 0.0f);
}
#endif
/* kink, dx, float32: g * hole(x) */
static void kink_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * hole_float32(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * hole_float32(x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double kink_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * hole_float32(x));
}
#endif
/* hole, value, float64: where(x == 0, x / x, 0) */
static void hole_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == 0.0) ? (x[i] / x[i]) : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hole_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x == 0.0) ? (x / x) : 0.0);
}
#endif
/* hole, dx, float64: g * hole(x) */
static void hole_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * hole_float64(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * hole_float64(x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hole_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * hole_float64(x));
}
#endif
/* hole, value, float32: where(x == 0, x / x, 0) */
static void hole_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == 0.0f) ? (x[i] / x[i]) : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hole_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x == 0.0f) ? (x / x) : 0.0f);
}
#endif
/* hole, dx, float32: g * hole(x) */
static void hole_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * hole_float32(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * hole_float32(x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hole_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * hole_float32(x));
}
#endif
/* pow_slope_at_0, value, float64: where(x == y, 0, 0) */
static void pow_slope_at_0_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == y[i]) ? 0.0 : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x == y) ? 0.0 : 0.0);
}
#endif
/* pow_slope_at_0, dx, float64: g * where(y == 0, y * ((y - 1) * pow(where(y == 0, where(x == 0, 1, x), 1), y - 2)) + kink(where(x == 0, y, 1)), 0) */
static void pow_slope_at_0_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0) ? ((x[i] == 0.0) ? 1.0 : x[i]) : 1.0);
        EACH(count) block_1[i] = (y[i] - 2.0);
        pow_block_float64(block_0, block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0) ? ((y[i] * ((y[i] - 1.0)
            * block_2[i])) + kink_float64(((x[i] == 0.0) ? y[i] : 1.0))) : 0.0)); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0) ? ((y[i] * ((y[i] - 1.0) * block_2[i])) + kink_float64(((x[i]
            == 0.0) ? y[i] : 1.0))) : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * ((y == 0.0) ? ((y * ((y - 1.0) * pow_float64(((y == 0.0) ? ((x == 0.0) ? 1.0 : x) : 1.0), (y
        - 2.0)))) + kink_float64(((x == 0.0) ? y : 1.0))) : 0.0));
}
#endif
/* pow_slope_at_0, dy, float64: g * where(y == 0, (1 + y * log(where(y == 0, x, 1))) * pow(where(y == 0, x, 1), y) / where(y == 0, x, 1), 0) */
static void pow_slope_at_0_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], g_block[BLOCK], x_block[BLOCK],
        y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0) ? x[i] : 1.0);
        log_block_float64(block_0, block_1, count);
        EACH(count) block_2[i] = ((y[i] == 0.0) ? x[i] : 1.0);
        pow_block_float64(block_2, y, block_3, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0) ? (((1.0 + (y[i] *
            block_1[i])) * block_3[i]) / ((y[i] == 0.0) ? x[i] : 1.0)) : 0.0)); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0) ? (((1.0 + (y[i] * block_1[i])) * block_3[i]) / ((y[i] == 0.0)
            ? x[i] : 1.0)) : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * ((y == 0.0) ? (((1.0 + (y * log_float64(((y == 0.0) ? x : 1.0)))) * pow_float64(((y == 0.0)
        ? x : 1.0), y)) / ((y == 0.0) ? x : 1.0)) : 0.0));
}
#endif
/* pow_slope_at_0, value, float32: where(x == y, 0, 0) */
static void pow_slope_at_0_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] == y[i]) ? 0.0f : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x == y) ? 0.0f : 0.0f);
}
#endif
/* pow_slope_at_0, dx, float32: g * where(y == 0, y * ((y - 1) * pow(where(y == 0, where(x == 0, 1, x), 1), y - 2)) + kink(where(x == 0, y, 1)), 0) */
static void pow_slope_at_0_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0f) ? ((x[i] == 0.0f) ? 1.0f : x[i]) : 1.0f);
        EACH(count) block_1[i] = (y[i] - 2.0f);
        pow_block_float32(block_0, block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0f) ? ((y[i] * ((y[i] -
            1.0f) * block_2[i])) + kink_float32(((x[i] == 0.0f) ? y[i] : 1.0f))) : 0.0f)); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0f) ? ((y[i] * ((y[i] - 1.0f) * block_2[i])) +
            kink_float32(((x[i] == 0.0f) ? y[i] : 1.0f))) : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * ((y == 0.0f) ? ((y * ((y - 1.0f) * pow_float32(((y == 0.0f) ? ((x == 0.0f) ? 1.0f : x) :
        1.0f), (y - 2.0f)))) + kink_float32(((x == 0.0f) ? y : 1.0f))) : 0.0f));
}
#endif
/* pow_slope_at_0, dy, float32: g * where(y == 0, (1 + y * log(where(y == 0, x, 1))) * pow(where(y == 0, x, 1), y) / where(y == 0, x, 1), 0) */
static void pow_slope_at_0_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], g_block[BLOCK], x_block[BLOCK],
        y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((y[i] == 0.0f) ? x[i] : 1.0f);
        log_block_float32(block_0, block_1, count);
        EACH(count) block_2[i] = ((y[i] == 0.0f) ? x[i] : 1.0f);
        pow_block_float32(block_2, y, block_3, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((y[i] == 0.0f) ? (((1.0f + (y[i] *
            block_1[i])) * block_3[i]) / ((y[i] == 0.0f) ? x[i] : 1.0f)) : 0.0f)); }
        else
        { EACH(count) dst[i] = (g[i] * ((y[i] == 0.0f) ? (((1.0f + (y[i] * block_1[i])) * block_3[i]) / ((y[i] ==
            0.0f) ? x[i] : 1.0f)) : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_slope_at_0_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * ((y == 0.0f) ? (((1.0f + (y * log_float32(((y == 0.0f) ? x : 1.0f)))) * pow_float32(((y ==
        0.0f) ? x : 1.0f), y)) / ((y == 0.0f) ? x : 1.0f)) : 0.0f));
}
#endif
/* neg, value, float64: -x */
#ifdef AUTODIFF_POINTS
static double neg_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(-x);
}
#endif
/* neg, dx, float64: -g */
static void neg_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double neg_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* neg, value, float32: -x */
#ifdef AUTODIFF_POINTS
static double neg_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(-x);
}
#endif
/* neg, dx, float32: -g */
static void neg_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double neg_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* positive, value, float64: x */
#ifdef AUTODIFF_POINTS
static double positive_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)x;
}
#endif
/* positive, dx, float64: g */
static void positive_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double positive_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* positive, value, float32: x */
#ifdef AUTODIFF_POINTS
static double positive_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)x;
}
#endif
/* positive, dx, float32: g */
static void positive_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double positive_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* abs, value, float64: abs(x) */
#ifdef AUTODIFF_POINTS
static double abs_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)abs_float64(x);
}
#endif
/* abs, dx, float64: g * where(x > 0, 1, where(x < 0, -1, 0 * x)) */
static void abs_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((x[i] > 0.0) ? 1.0 : ((x[i] < 0.0) ?
            (-1.0) : (0.0 * x[i])))); }
        else
        { EACH(count) dst[i] = (g[i] * ((x[i] > 0.0) ? 1.0 : ((x[i] < 0.0) ? (-1.0) : (0.0 * x[i])))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double abs_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * ((x > 0.0) ? 1.0 : ((x < 0.0) ? (-1.0) : (0.0 * x))));
}
#endif
/* abs, value, float32: abs(x) */
#ifdef AUTODIFF_POINTS
static double abs_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)abs_float32(x);
}
#endif
/* abs, dx, float32: g * where(x > 0, 1, where(x < 0, -1, 0 * x)) */
static void abs_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((x[i] > 0.0f) ? 1.0f : ((x[i] < 0.0f) ?
            (-1.0f) : (0.0f * x[i])))); }
        else
        { EACH(count) dst[i] = (g[i] * ((x[i] > 0.0f) ? 1.0f : ((x[i] < 0.0f) ? (-1.0f) : (0.0f * x[i])))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double abs_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * ((x > 0.0f) ? 1.0f : ((x < 0.0f) ? (-1.0f) : (0.0f * x))));
}
#endif
/* reciprocal, value, float64: 1 / x */
#ifdef AUTODIFF_POINTS
static double reciprocal_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(1.0 / x);
}
#endif
/* reciprocal, dx, float64: -g * out * out */
static void reciprocal_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * out[i]) * out[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * out[i]) * out[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double reciprocal_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(((-g) * out) * out);
}
#endif
/* reciprocal, value, float32: 1 / x */
#ifdef AUTODIFF_POINTS
static double reciprocal_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(1.0f / x);
}
#endif
/* reciprocal, dx, float32: -g * out * out */
static void reciprocal_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * out[i]) * out[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * out[i]) * out[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double reciprocal_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(((-g) * out) * out);
}
#endif
/* pow_minus_one, value, float64: 1 / x */
#ifdef AUTODIFF_POINTS
static double pow_minus_one_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(1.0 / x);
}
#endif
/* pow_minus_one, dx, float64: -g * (1 / x) * (1 / x) */
static void pow_minus_one_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * (1.0 / x[i])) * (1.0 / x[i])); }
        else
        { EACH(count) dst[i] = (((-g[i]) * (1.0 / x[i])) * (1.0 / x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_minus_one_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(((-g) * (1.0 / x)) * (1.0 / x));
}
#endif
/* pow_minus_one, value, float32: 1 / x */
#ifdef AUTODIFF_POINTS
static double pow_minus_one_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(1.0f / x);
}
#endif
/* pow_minus_one, dx, float32: -g * (1 / x) * (1 / x) */
static void pow_minus_one_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * (1.0f / x[i])) * (1.0f / x[i])); }
        else
        { EACH(count) dst[i] = (((-g[i]) * (1.0f / x[i])) * (1.0f / x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_minus_one_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(((-g) * (1.0f / x)) * (1.0f / x));
}
#endif
/* square, value, float64: square(x) */
#ifdef AUTODIFF_POINTS
static double square_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)square_float64(x);
}
#endif
/* square, dx, float64: g * (2 * x) */
static void square_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (2.0 * x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (2.0 * x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double square_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * (2.0 * x));
}
#endif
/* square, value, float32: square(x) */
#ifdef AUTODIFF_POINTS
static double square_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)square_float32(x);
}
#endif
/* square, dx, float32: g * (2 * x) */
static void square_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (2.0f * x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (2.0f * x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double square_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * (2.0f * x));
}
#endif
/* sqrt, value, float64: sqrt(x) */
#ifdef AUTODIFF_POINTS
static double sqrt_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)sqrt_float64(x);
}
#endif
/* sqrt, dx, float64: g / (2 * out) */
static void sqrt_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (2.0 * out[i])); }
        else
        { EACH(count) dst[i] = (g[i] / (2.0 * out[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sqrt_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g / (2.0 * out));
}
#endif
/* sqrt, value, float32: sqrt(x) */
#ifdef AUTODIFF_POINTS
static double sqrt_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)sqrt_float32(x);
}
#endif
/* sqrt, dx, float32: g / (2 * out) */
static void sqrt_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (2.0f * out[i])); }
        else
        { EACH(count) dst[i] = (g[i] / (2.0f * out[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sqrt_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g / (2.0f * out));
}
#endif
/* pow_half, value, float64: sqrt(x) */
#ifdef AUTODIFF_POINTS
static double pow_half_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)sqrt_float64(x);
}
#endif
/* pow_half, dx, float64: g / (2 * sqrt(x)) */
static void pow_half_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (2.0 * sqrt_float64(x[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / (2.0 * sqrt_float64(x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_half_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / (2.0 * sqrt_float64(x)));
}
#endif
/* pow_half, value, float32: sqrt(x) */
#ifdef AUTODIFF_POINTS
static double pow_half_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)sqrt_float32(x);
}
#endif
/* pow_half, dx, float32: g / (2 * sqrt(x)) */
static void pow_half_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (2.0f * sqrt_float32(x[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / (2.0f * sqrt_float32(x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double pow_half_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / (2.0f * sqrt_float32(x)));
}
#endif
/* exp, value, float64: exp(x) */
#ifdef AUTODIFF_POINTS
static double exp_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)exp_float64(x);
}
#endif
/* exp, dx, float64: g * out */
static void exp_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * out[i]); }
        else
        { EACH(count) dst[i] = (g[i] * out[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g * out);
}
#endif
/* exp, value, float32: exp(x) */
#ifdef AUTODIFF_POINTS
static double exp_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)exp_float32(x);
}
#endif
/* exp, dx, float32: g * out */
static void exp_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * out[i]); }
        else
        { EACH(count) dst[i] = (g[i] * out[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g * out);
}
#endif
/* log, value, float64: log(x) */
#ifdef AUTODIFF_POINTS
static double log_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log_float64(x);
}
#endif
/* log, dx, float64: g / x */
static void log_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / x[i]); }
        else
        { EACH(count) dst[i] = (g[i] / x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / x);
}
#endif
/* log, value, float32: log(x) */
#ifdef AUTODIFF_POINTS
static double log_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log_float32(x);
}
#endif
/* log, dx, float32: g / x */
static void log_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / x[i]); }
        else
        { EACH(count) dst[i] = (g[i] / x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / x);
}
#endif
/* sin, value, float64: sin(x) */
static void sin_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        sin_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sin_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)sin_float64(x);
}
#endif
/* sin, dx, float64: g * cos(x) */
static void sin_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        cos_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sin_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * cos_float64(x));
}
#endif
/* sin, value, float32: sin(x) */
#ifdef AUTODIFF_POINTS
static double sin_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)sin_float32(x);
}
#endif
/* sin, dx, float32: g * cos(x) */
static void sin_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        cos_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sin_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * cos_float32(x));
}
#endif
/* cos, value, float64: cos(x) */
static void cos_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        cos_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cos_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)cos_float64(x);
}
#endif
/* cos, dx, float64: g * -sin(x) */
static void cos_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        sin_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (-block_0[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (-block_0[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cos_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * (-sin_float64(x)));
}
#endif
/* cos, value, float32: cos(x) */
#ifdef AUTODIFF_POINTS
static double cos_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)cos_float32(x);
}
#endif
/* cos, dx, float32: g * -sin(x) */
static void cos_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        sin_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (-block_0[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (-block_0[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cos_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * (-sin_float32(x)));
}
#endif
/* tanh, value, float64: tanh(x) */
#ifdef AUTODIFF_POINTS
static double tanh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)tanh_float64(x);
}
#endif
/* tanh, dx, float64: g * (1 - out * out) */
static void tanh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.0 - (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * (1.0 - (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double tanh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g * (1.0 - (out * out)));
}
#endif
/* tanh, value, float32: tanh(x) */
#ifdef AUTODIFF_POINTS
static double tanh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)tanh_float32(x);
}
#endif
/* tanh, dx, float32: g * (1 - out * out) */
static void tanh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.0f - (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * (1.0f - (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double tanh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g * (1.0f - (out * out)));
}
#endif
/* sigmoid, value, float64: 1 / (1 + exp(-x)) */
static void sigmoid_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-x[i]);
        exp_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = (1.0 / (1.0 + block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sigmoid_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(1.0 / (1.0 + exp_float64((-x))));
}
#endif
/* sigmoid, dx, float64: g * (1 - out) * out */
static void sigmoid_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * (1.0 - out[i])) * out[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * (1.0 - out[i])) * out[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sigmoid_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)((g * (1.0 - out)) * out);
}
#endif
/* sigmoid, value, float32: 1 / (1 + exp(-x)) */
static void sigmoid_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        sigmoid_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sigmoid_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)sigmoid_float32(x);
}
#endif
/* sigmoid, dx, float32: g * (1 - out) * out */
static void sigmoid_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * (1.0f - out[i])) * out[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * (1.0f - out[i])) * out[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sigmoid_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)((g * (1.0f - out)) * out);
}
#endif
/* relu, value, float64: where(x <= 0, 0, x) */
static void relu_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= 0.0) ? 0.0 : x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x <= 0.0) ? 0.0 : x);
}
#endif
/* relu, dx, float64: where(out <= 0, 0 * out, g) */
static void relu_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((out[i] <= 0.0) ? (0.0 * out[i]) : g[i]); }
        else
        { EACH(count) dst[i] = ((out[i] <= 0.0) ? (0.0 * out[i]) : g[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)((out <= 0.0) ? (0.0 * out) : g);
}
#endif
/* relu, value, float32: where(x <= 0, 0, x) */
static void relu_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= 0.0f) ? 0.0f : x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x <= 0.0f) ? 0.0f : x);
}
#endif
/* relu, dx, float32: where(out <= 0, 0 * out, g) */
static void relu_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((out[i] <= 0.0f) ? (0.0f * out[i]) : g[i]); }
        else
        { EACH(count) dst[i] = ((out[i] <= 0.0f) ? (0.0f * out[i]) : g[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)((out <= 0.0f) ? (0.0f * out) : g);
}
#endif
/* tan, value, float64: tan(x) */
#ifdef AUTODIFF_POINTS
static double tan_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)tan_float64(x);
}
#endif
/* tan, dx, float64: g * (1 + out * out) */
static void tan_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.0 + (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * (1.0 + (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double tan_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g * (1.0 + (out * out)));
}
#endif
/* tan, value, float32: tan(x) */
#ifdef AUTODIFF_POINTS
static double tan_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)tan_float32(x);
}
#endif
/* tan, dx, float32: g * (1 + out * out) */
static void tan_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.0f + (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] * (1.0f + (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double tan_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g * (1.0f + (out * out)));
}
#endif
/* exp2, value, float64: exp2(x) */
#ifdef AUTODIFF_POINTS
static double exp2_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)exp2_float64(x);
}
#endif
/* exp2, dx, float64: where(x > 0, 1.3862943611198906 * g, 0.6931471805599453 * g) * exp2(where(x > 0, x - 1, x)) */
static void exp2_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] > 0.0) ? (x[i] - 1.0) : x[i]);
        exp2_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((x[i] > 0.0) ? (1.3862943611198906 * g[i]) :
            (0.6931471805599453 * g[i])) * block_1[i]); }
        else
        { EACH(count) dst[i] = (((x[i] > 0.0) ? (1.3862943611198906 * g[i]) : (0.6931471805599453 * g[i])) *
            block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp2_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(((x > 0.0) ? (1.3862943611198906 * g) : (0.6931471805599453 * g)) * exp2_float64(((x > 0.0) ? (x
        - 1.0) : x)));
}
#endif
/* exp2, value, float32: exp2(x) */
#ifdef AUTODIFF_POINTS
static double exp2_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)exp2_float32(x);
}
#endif
/* exp2, dx, float32: where(x > 0, 1.3862943611198906 * g, 0.6931471805599453 * g) * exp2(where(x > 0, x - 1, x)) */
static void exp2_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] > 0.0f) ? (x[i] - 1.0f) : x[i]);
        exp2_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((x[i] > 0.0f) ? (1.3862943649291992f * g[i]) :
            (0.6931471824645996f * g[i])) * block_1[i]); }
        else
        { EACH(count) dst[i] = (((x[i] > 0.0f) ? (1.3862943649291992f * g[i]) : (0.6931471824645996f * g[i])) *
            block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp2_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(((x > 0.0f) ? (1.3862943649291992f * g) : (0.6931471824645996f * g)) * exp2_float32(((x > 0.0f)
        ? (x - 1.0f) : x)));
}
#endif
/* expm1, value, float64: expm1(x) */
#ifdef AUTODIFF_POINTS
static double expm1_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)expm1_float64(x);
}
#endif
/* expm1, dx, float64: g * (out + 1) */
static void expm1_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (out[i] + 1.0)); }
        else
        { EACH(count) dst[i] = (g[i] * (out[i] + 1.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double expm1_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g * (out + 1.0));
}
#endif
/* expm1, value, float32: expm1(x) */
#ifdef AUTODIFF_POINTS
static double expm1_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)expm1_float32(x);
}
#endif
/* expm1, dx, float32: g * (out + 1) */
static void expm1_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (out[i] + 1.0f)); }
        else
        { EACH(count) dst[i] = (g[i] * (out[i] + 1.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double expm1_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g * (out + 1.0f));
}
#endif
/* log1p, value, float64: log1p(x) */
#ifdef AUTODIFF_POINTS
static double log1p_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log1p_float64(x);
}
#endif
/* log1p, dx, float64: g / (x + 1) */
static void log1p_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (x[i] + 1.0)); }
        else
        { EACH(count) dst[i] = (g[i] / (x[i] + 1.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / (x + 1.0));
}
#endif
/* log1p, value, float32: log1p(x) */
#ifdef AUTODIFF_POINTS
static double log1p_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log1p_float32(x);
}
#endif
/* log1p, dx, float32: g / (x + 1) */
static void log1p_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (x[i] + 1.0f)); }
        else
        { EACH(count) dst[i] = (g[i] / (x[i] + 1.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / (x + 1.0f));
}
#endif
/* log2, value, float64: log2(x) */
#ifdef AUTODIFF_POINTS
static double log2_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log2_float64(x);
}
#endif
/* log2, dx, float64: g * 1.4426950408889634 / x */
static void log2_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * 1.4426950408889634) / x[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * 1.4426950408889634) / x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log2_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((g * 1.4426950408889634) / x);
}
#endif
/* log2, value, float32: log2(x) */
#ifdef AUTODIFF_POINTS
static double log2_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log2_float32(x);
}
#endif
/* log2, dx, float32: g * 1.4426950408889634 / x */
static void log2_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * 1.4426950216293335f) / x[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * 1.4426950216293335f) / x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log2_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((g * 1.4426950216293335f) / x);
}
#endif
/* log10, value, float64: log10(x) */
#ifdef AUTODIFF_POINTS
static double log10_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log10_float64(x);
}
#endif
/* log10, dx, float64: g * 0.4342944819032518 / x */
static void log10_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * 0.4342944819032518) / x[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * 0.4342944819032518) / x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log10_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((g * 0.4342944819032518) / x);
}
#endif
/* log10, value, float32: log10(x) */
#ifdef AUTODIFF_POINTS
static double log10_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log10_float32(x);
}
#endif
/* log10, dx, float32: g * 0.4342944819032518 / x */
static void log10_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * 0.4342944920063019f) / x[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * 0.4342944920063019f) / x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log10_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((g * 0.4342944920063019f) / x);
}
#endif
/* rsqrt, value, float64: 1 / sqrt(x) */
static void rsqrt_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = (1.0 / sqrt_float64(x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rsqrt_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(1.0 / sqrt_float64(x));
}
#endif
/* rsqrt, dx, float64: -0.5 * g * out * out * out */
static void rsqrt_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((((-0.5) * g[i]) * out[i]) * out[i]) *
            out[i]); }
        else
        { EACH(count) dst[i] = (((((-0.5) * g[i]) * out[i]) * out[i]) * out[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rsqrt_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(((((-0.5) * g) * out) * out) * out);
}
#endif
/* rsqrt, value, float32: 1 / sqrt(x) */
static void rsqrt_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = (1.0f / sqrt_float32(x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rsqrt_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(1.0f / sqrt_float32(x));
}
#endif
/* rsqrt, dx, float32: -0.5 * g * out * out * out */
static void rsqrt_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((((-0.5f) * g[i]) * out[i]) * out[i]) *
            out[i]); }
        else
        { EACH(count) dst[i] = (((((-0.5f) * g[i]) * out[i]) * out[i]) * out[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rsqrt_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(((((-0.5f) * g) * out) * out) * out);
}
#endif
/* cbrt, value, float64: cbrt(x) */
#ifdef AUTODIFF_POINTS
static double cbrt_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)cbrt_float64(x);
}
#endif
/* cbrt, dx, float64: g / (3 * (out * out)) */
static void cbrt_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[4] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (3.0 * (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / (3.0 * (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cbrt_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double out = (double)out_;
    (void)x_; (void)y_;
    return (double)(g / (3.0 * (out * out)));
}
#endif
/* cbrt, value, float32: cbrt(x) */
#ifdef AUTODIFF_POINTS
static double cbrt_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)cbrt_float32(x);
}
#endif
/* cbrt, dx, float32: g / (3 * (out * out)) */
static void cbrt_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[4] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / (3.0f * (out[i] * out[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / (3.0f * (out[i] * out[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cbrt_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float out = (float)out_;
    (void)x_; (void)y_;
    return (double)(g / (3.0f * (out * out)));
}
#endif
/* one_minus_square, value, float64: one_minus_square(x) */
static void one_minus_square_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = one_minus_square_float64(x[i]); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double one_minus_square_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)one_minus_square_float64(x);
}
#endif
/* one_minus_square, dx, float64: g * (-2 * x) */
static void one_minus_square_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((-2.0) * x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * ((-2.0) * x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double one_minus_square_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * ((-2.0) * x));
}
#endif
/* one_minus_square, value, float32: one_minus_square(x) */
static void one_minus_square_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = one_minus_square_float32(x[i]); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double one_minus_square_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)one_minus_square_float32(x);
}
#endif
/* one_minus_square, dx, float32: g * (-2 * x) */
static void one_minus_square_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((-2.0f) * x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * ((-2.0f) * x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double one_minus_square_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * ((-2.0f) * x));
}
#endif
/* asin, value, float64: asin(x) */
#ifdef AUTODIFF_POINTS
static double asin_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)asin_float64(x);
}
#endif
/* asin, dx, float64: g / sqrt(one_minus_square(x)) */
static void asin_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] /
            sqrt_float64(one_minus_square_float64(x[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / sqrt_float64(one_minus_square_float64(x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double asin_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / sqrt_float64(one_minus_square_float64(x)));
}
#endif
/* asin, value, float32: asin(x) */
#ifdef AUTODIFF_POINTS
static double asin_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)asin_float32(x);
}
#endif
/* asin, dx, float32: g / sqrt(one_minus_square(x)) */
static void asin_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] /
            sqrt_float32(one_minus_square_float32(x[i]))); }
        else
        { EACH(count) dst[i] = (g[i] / sqrt_float32(one_minus_square_float32(x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double asin_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / sqrt_float32(one_minus_square_float32(x)));
}
#endif
/* acos, value, float64: acos(x) */
#ifdef AUTODIFF_POINTS
static double acos_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)acos_float64(x);
}
#endif
/* acos, dx, float64: -g / sqrt(one_minus_square(x)) */
static void acos_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) /
            sqrt_float64(one_minus_square_float64(x[i]))); }
        else
        { EACH(count) dst[i] = ((-g[i]) / sqrt_float64(one_minus_square_float64(x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double acos_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((-g) / sqrt_float64(one_minus_square_float64(x)));
}
#endif
/* acos, value, float32: acos(x) */
#ifdef AUTODIFF_POINTS
static double acos_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)acos_float32(x);
}
#endif
/* acos, dx, float32: -g / sqrt(one_minus_square(x)) */
static void acos_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) /
            sqrt_float32(one_minus_square_float32(x[i]))); }
        else
        { EACH(count) dst[i] = ((-g[i]) / sqrt_float32(one_minus_square_float32(x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double acos_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((-g) / sqrt_float32(one_minus_square_float32(x)));
}
#endif
/* atan, value, float64: atan(x) */
#ifdef AUTODIFF_POINTS
static double atan_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)atan_float64(x);
}
#endif
/* atan, dx, float64: g / hypot(x, 1) / hypot(x, 1) */
static void atan_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = 1.0;
        hypot_block_float64(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / block_1[i]) / block_1[i]); }
        else
        { EACH(count) dst[i] = ((g[i] / block_1[i]) / block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((g / hypot_float64(x, 1.0)) / hypot_float64(x, 1.0));
}
#endif
/* atan, value, float32: atan(x) */
#ifdef AUTODIFF_POINTS
static double atan_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)atan_float32(x);
}
#endif
/* atan, dx, float32: g / hypot(x, 1) / hypot(x, 1) */
static void atan_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = 1.0f;
        hypot_block_float32(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / block_1[i]) / block_1[i]); }
        else
        { EACH(count) dst[i] = ((g[i] / block_1[i]) / block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((g / hypot_float32(x, 1.0f)) / hypot_float32(x, 1.0f));
}
#endif
/* atan2, value, float64: atan2(x, y) */
static void atan2_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        atan2_block_float64(x, y, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)atan2_float64(x, y);
}
#endif
/* atan2, dx, float64: where((abs(x) + abs(y)) == 0, g * kink((abs(x) + abs(y))), g * (y / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) */
static void atan2_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (((abs_float64(x[i]) + abs_float64(y[i])) == 0.0) ? 1.0 : y[i]);
        hypot_block_float64(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((abs_float64(x[i]) + abs_float64(y[i])) ==
            0.0) ? (g[i] * kink_float64((abs_float64(x[i]) + abs_float64(y[i])))) : ((g[i] * (y[i] / block_1[i])) /
            block_1[i])); }
        else
        { EACH(count) dst[i] = (((abs_float64(x[i]) + abs_float64(y[i])) == 0.0) ? (g[i] *
            kink_float64((abs_float64(x[i]) + abs_float64(y[i])))) : ((g[i] * (y[i] / block_1[i])) / block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(((abs_float64(x) + abs_float64(y)) == 0.0) ? (g * kink_float64((abs_float64(x) +
        abs_float64(y)))) : ((g * (y / hypot_float64(x, (((abs_float64(x) + abs_float64(y)) == 0.0) ? 1.0 : y)))) /
        hypot_float64(x, (((abs_float64(x) + abs_float64(y)) == 0.0) ? 1.0 : y))));
}
#endif
/* atan2, dy, float64: where(abs(x) + abs(y) == 0, g * kink(abs(x) + abs(y)), -g * (x / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) */
static void atan2_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (((abs_float64(x[i]) + abs_float64(y[i])) == 0.0) ? 1.0 : y[i]);
        hypot_block_float64(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((abs_float64(x[i]) + abs_float64(y[i])) ==
            0.0) ? (g[i] * kink_float64((abs_float64(x[i]) + abs_float64(y[i])))) : (((-g[i]) * (x[i] / block_1[i]))
            / block_1[i])); }
        else
        { EACH(count) dst[i] = (((abs_float64(x[i]) + abs_float64(y[i])) == 0.0) ? (g[i] *
            kink_float64((abs_float64(x[i]) + abs_float64(y[i])))) : (((-g[i]) * (x[i] / block_1[i])) /
            block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(((abs_float64(x) + abs_float64(y)) == 0.0) ? (g * kink_float64((abs_float64(x) +
        abs_float64(y)))) : (((-g) * (x / hypot_float64(x, (((abs_float64(x) + abs_float64(y)) == 0.0) ? 1.0 : y))))
        / hypot_float64(x, (((abs_float64(x) + abs_float64(y)) == 0.0) ? 1.0 : y))));
}
#endif
/* atan2, value, float32: atan2(x, y) */
static void atan2_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        atan2_block_float32(x, y, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)atan2_float32(x, y);
}
#endif
/* atan2, dx, float32: where((abs(x) + abs(y)) == 0, g * kink((abs(x) + abs(y))), g * (y / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) */
static void atan2_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (((abs_float32(x[i]) + abs_float32(y[i])) == 0.0f) ? 1.0f : y[i]);
        hypot_block_float32(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((abs_float32(x[i]) + abs_float32(y[i])) ==
            0.0f) ? (g[i] * kink_float32((abs_float32(x[i]) + abs_float32(y[i])))) : ((g[i] * (y[i] / block_1[i])) /
            block_1[i])); }
        else
        { EACH(count) dst[i] = (((abs_float32(x[i]) + abs_float32(y[i])) == 0.0f) ? (g[i] *
            kink_float32((abs_float32(x[i]) + abs_float32(y[i])))) : ((g[i] * (y[i] / block_1[i])) / block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(((abs_float32(x) + abs_float32(y)) == 0.0f) ? (g * kink_float32((abs_float32(x) +
        abs_float32(y)))) : ((g * (y / hypot_float32(x, (((abs_float32(x) + abs_float32(y)) == 0.0f) ? 1.0f : y))))
        / hypot_float32(x, (((abs_float32(x) + abs_float32(y)) == 0.0f) ? 1.0f : y))));
}
#endif
/* atan2, dy, float32: where(abs(x) + abs(y) == 0, g * kink(abs(x) + abs(y)), -g * (x / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) / hypot(x, where(abs(x) + abs(y) == 0, 1, y))) */
static void atan2_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (((abs_float32(x[i]) + abs_float32(y[i])) == 0.0f) ? 1.0f : y[i]);
        hypot_block_float32(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((abs_float32(x[i]) + abs_float32(y[i])) ==
            0.0f) ? (g[i] * kink_float32((abs_float32(x[i]) + abs_float32(y[i])))) : (((-g[i]) * (x[i] /
            block_1[i])) / block_1[i])); }
        else
        { EACH(count) dst[i] = (((abs_float32(x[i]) + abs_float32(y[i])) == 0.0f) ? (g[i] *
            kink_float32((abs_float32(x[i]) + abs_float32(y[i])))) : (((-g[i]) * (x[i] / block_1[i])) /
            block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atan2_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(((abs_float32(x) + abs_float32(y)) == 0.0f) ? (g * kink_float32((abs_float32(x) +
        abs_float32(y)))) : (((-g) * (x / hypot_float32(x, (((abs_float32(x) + abs_float32(y)) == 0.0f) ? 1.0f :
        y)))) / hypot_float32(x, (((abs_float32(x) + abs_float32(y)) == 0.0f) ? 1.0f : y))));
}
#endif
/* sinh, value, float64: sinh(x) */
#ifdef AUTODIFF_POINTS
static double sinh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)sinh_float64(x);
}
#endif
/* sinh, dx, float64: g * cosh(x) */
static void sinh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        cosh_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * cosh_float64(x));
}
#endif
/* sinh, value, float32: sinh(x) */
#ifdef AUTODIFF_POINTS
static double sinh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)sinh_float32(x);
}
#endif
/* sinh, dx, float32: g * cosh(x) */
static void sinh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        cosh_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * cosh_float32(x));
}
#endif
/* cosh, value, float64: cosh(x) */
#ifdef AUTODIFF_POINTS
static double cosh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)cosh_float64(x);
}
#endif
/* cosh, dx, float64: g * sinh(x) */
static void cosh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        sinh_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * sinh_float64(x));
}
#endif
/* cosh, value, float32: cosh(x) */
#ifdef AUTODIFF_POINTS
static double cosh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)cosh_float32(x);
}
#endif
/* cosh, dx, float32: g * sinh(x) */
static void cosh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        sinh_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * sinh_float32(x));
}
#endif
/* asinh, value, float64: asinh(x) */
#ifdef AUTODIFF_POINTS
static double asinh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)asinh_float64(x);
}
#endif
/* asinh, dx, float64: g / hypot(x, 1) */
static void asinh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = 1.0;
        hypot_block_float64(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] / block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double asinh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / hypot_float64(x, 1.0));
}
#endif
/* asinh, value, float32: asinh(x) */
#ifdef AUTODIFF_POINTS
static double asinh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)asinh_float32(x);
}
#endif
/* asinh, dx, float32: g / hypot(x, 1) */
static void asinh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = 1.0f;
        hypot_block_float32(x, block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] / block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double asinh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / hypot_float32(x, 1.0f));
}
#endif
/* acosh, value, float64: acosh(x) */
#ifdef AUTODIFF_POINTS
static double acosh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)acosh_float64(x);
}
#endif
/* acosh, dx, float64: g / sqrt(x - 1) / sqrt(x + 1) */
static void acosh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / sqrt_float64((x[i] - 1.0))) /
            sqrt_float64((x[i] + 1.0))); }
        else
        { EACH(count) dst[i] = ((g[i] / sqrt_float64((x[i] - 1.0))) / sqrt_float64((x[i] + 1.0))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double acosh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((g / sqrt_float64((x - 1.0))) / sqrt_float64((x + 1.0)));
}
#endif
/* acosh, value, float32: acosh(x) */
#ifdef AUTODIFF_POINTS
static double acosh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)acosh_float32(x);
}
#endif
/* acosh, dx, float32: g / sqrt(x - 1) / sqrt(x + 1) */
static void acosh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / sqrt_float32((x[i] - 1.0f))) /
            sqrt_float32((x[i] + 1.0f))); }
        else
        { EACH(count) dst[i] = ((g[i] / sqrt_float32((x[i] - 1.0f))) / sqrt_float32((x[i] + 1.0f))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double acosh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((g / sqrt_float32((x - 1.0f))) / sqrt_float32((x + 1.0f)));
}
#endif
/* atanh, value, float64: atanh(x) */
#ifdef AUTODIFF_POINTS
static double atanh_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)atanh_float64(x);
}
#endif
/* atanh, dx, float64: g / one_minus_square(x) */
static void atanh_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / one_minus_square_float64(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] / one_minus_square_float64(x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atanh_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / one_minus_square_float64(x));
}
#endif
/* atanh, value, float32: atanh(x) */
#ifdef AUTODIFF_POINTS
static double atanh_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)atanh_float32(x);
}
#endif
/* atanh, dx, float32: g / one_minus_square(x) */
static void atanh_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / one_minus_square_float32(x[i])); }
        else
        { EACH(count) dst[i] = (g[i] / one_minus_square_float32(x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double atanh_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / one_minus_square_float32(x));
}
#endif
/* sinc, value, float64: where(x == 0, 1, sin(3.141592653589793 * x) / where(x == 0, 1, 3.141592653589793 * x)) */
static void sinc_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (3.141592653589793 * x[i]);
        sin_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = ((x[i] == 0.0) ? 1.0 : (block_1[i] / ((x[i] == 0.0) ? 1.0 : (3.141592653589793 *
            x[i])))); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinc_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x == 0.0) ? 1.0 : (sin_float64((3.141592653589793 * x)) / ((x == 0.0) ? 1.0 :
        (3.141592653589793 * x))));
}
#endif
/* sinc, dx, float64: g * where(abs(x) < 0.1, 0 - 19.739208802178716 * where(abs(x) < 0.1, x, 0) * (1 / 6 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (2 / 120 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (3 / 5040 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (4 / 362880 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (5 / 39916800 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (6 / 6227020800)))))), (cos(3.141592653589793 * x) - sin(3.141592653589793 * x) / where(abs(x) < 0.1, 1, 3.141592653589793 * x)) / where(abs(x) < 0.1, 1, x)) */
static void sinc_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], g_block[BLOCK], x_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (3.141592653589793 * x[i]);
        cos_block_float64(block_0, block_1, count);
        EACH(count) block_2[i] = (3.141592653589793 * x[i]);
        sin_block_float64(block_2, block_3, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((abs_float64(x[i]) < 0.1) ? (0.0 -
            ((19.739208802178716 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((1.0 / 6.0) - (((9.869604401089358 *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((2.0 / 120.0) -
            (((9.869604401089358 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] :
            0.0)) * ((3.0 / 5040.0) - (((9.869604401089358 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((4.0 / 362880.0) - (((9.869604401089358 *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((5.0 /
            39916800.0) - (((9.869604401089358 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) <
            0.1) ? x[i] : 0.0)) * (6.0 / 6227020800.0))))))))))))) : ((block_1[i] - (block_3[i] /
            ((abs_float64(x[i]) < 0.1) ? 1.0 : (3.141592653589793 * x[i])))) / ((abs_float64(x[i]) < 0.1) ? 1.0 :
            x[i])))); }
        else
        { EACH(count) dst[i] = (g[i] * ((abs_float64(x[i]) < 0.1) ? (0.0 - ((19.739208802178716 *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((1.0 / 6.0) - (((9.869604401089358 * ((abs_float64(x[i]) <
            0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((2.0 / 120.0) - (((9.869604401089358
            * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((3.0 /
            5040.0) - (((9.869604401089358 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1)
            ? x[i] : 0.0)) * ((4.0 / 362880.0) - (((9.869604401089358 * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((5.0 / 39916800.0) - (((9.869604401089358 *
            ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * ((abs_float64(x[i]) < 0.1) ? x[i] : 0.0)) * (6.0 /
            6227020800.0))))))))))))) : ((block_1[i] - (block_3[i] / ((abs_float64(x[i]) < 0.1) ? 1.0 :
            (3.141592653589793 * x[i])))) / ((abs_float64(x[i]) < 0.1) ? 1.0 : x[i])))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinc_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * ((abs_float64(x) < 0.1) ? (0.0 - ((19.739208802178716 * ((abs_float64(x) < 0.1) ? x : 0.0))
        * ((1.0 / 6.0) - (((9.869604401089358 * ((abs_float64(x) < 0.1) ? x : 0.0)) * ((abs_float64(x) < 0.1) ? x :
        0.0)) * ((2.0 / 120.0) - (((9.869604401089358 * ((abs_float64(x) < 0.1) ? x : 0.0)) * ((abs_float64(x) <
        0.1) ? x : 0.0)) * ((3.0 / 5040.0) - (((9.869604401089358 * ((abs_float64(x) < 0.1) ? x : 0.0)) *
        ((abs_float64(x) < 0.1) ? x : 0.0)) * ((4.0 / 362880.0) - (((9.869604401089358 * ((abs_float64(x) < 0.1) ? x
        : 0.0)) * ((abs_float64(x) < 0.1) ? x : 0.0)) * ((5.0 / 39916800.0) - (((9.869604401089358 *
        ((abs_float64(x) < 0.1) ? x : 0.0)) * ((abs_float64(x) < 0.1) ? x : 0.0)) * (6.0 / 6227020800.0)))))))))))))
        : ((cos_float64((3.141592653589793 * x)) - (sin_float64((3.141592653589793 * x)) / ((abs_float64(x) < 0.1) ?
        1.0 : (3.141592653589793 * x)))) / ((abs_float64(x) < 0.1) ? 1.0 : x))));
}
#endif
/* sinc, value, float32: where(x == 0, 1, sin(3.141592653589793 * x) / where(x == 0, 1, 3.141592653589793 * x)) */
static void sinc_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (3.1415927410125732f * x[i]);
        sin_block_float32(block_0, block_1, count);
        { EACH(count) dst[i] = ((x[i] == 0.0f) ? 1.0f : (block_1[i] / ((x[i] == 0.0f) ? 1.0f : (3.1415927410125732f
            * x[i])))); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinc_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x == 0.0f) ? 1.0f : (sin_float32((3.1415927410125732f * x)) / ((x == 0.0f) ? 1.0f :
        (3.1415927410125732f * x))));
}
#endif
/* sinc, dx, float32: g * where(abs(x) < 0.1, 0 - 19.739208802178716 * where(abs(x) < 0.1, x, 0) * (1 / 6 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (2 / 120 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (3 / 5040 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (4 / 362880 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (5 / 39916800 - 9.869604401089358 * where(abs(x) < 0.1, x, 0) * where(abs(x) < 0.1, x, 0) * (6 / 6227020800)))))), (cos(3.141592653589793 * x) - sin(3.141592653589793 * x) / where(abs(x) < 0.1, 1, 3.141592653589793 * x)) / where(abs(x) < 0.1, 1, x)) */
static void sinc_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], g_block[BLOCK], x_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (3.1415927410125732f * x[i]);
        cos_block_float32(block_0, block_1, count);
        EACH(count) block_2[i] = (3.1415927410125732f * x[i]);
        sin_block_float32(block_2, block_3, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * ((abs_float32(x[i]) <
            0.10000000149011612f) ? (0.0f - ((19.739208221435547f * ((abs_float32(x[i]) < 0.10000000149011612f) ?
            x[i] : 0.0f)) * ((1.0f / 6.0f) - (((9.869604110717773f * ((abs_float32(x[i]) < 0.10000000149011612f) ?
            x[i] : 0.0f)) * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((2.0f / 120.0f) -
            (((9.869604110717773f * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((3.0f / 5040.0f) - (((9.869604110717773f
            * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((abs_float32(x[i]) <
            0.10000000149011612f) ? x[i] : 0.0f)) * ((4.0f / 362880.0f) - (((9.869604110717773f *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((abs_float32(x[i]) <
            0.10000000149011612f) ? x[i] : 0.0f)) * ((5.0f / 39916800.0f) - (((9.869604110717773f *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((abs_float32(x[i]) <
            0.10000000149011612f) ? x[i] : 0.0f)) * (6.0f / 6227020800.0f))))))))))))) : ((block_1[i] - (block_3[i]
            / ((abs_float32(x[i]) < 0.10000000149011612f) ? 1.0f : (3.1415927410125732f * x[i])))) /
            ((abs_float32(x[i]) < 0.10000000149011612f) ? 1.0f : x[i])))); }
        else
        { EACH(count) dst[i] = (g[i] * ((abs_float32(x[i]) < 0.10000000149011612f) ? (0.0f - ((19.739208221435547f *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((1.0f / 6.0f) - (((9.869604110717773f *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((abs_float32(x[i]) <
            0.10000000149011612f) ? x[i] : 0.0f)) * ((2.0f / 120.0f) - (((9.869604110717773f * ((abs_float32(x[i]) <
            0.10000000149011612f) ? x[i] : 0.0f)) * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) *
            ((3.0f / 5040.0f) - (((9.869604110717773f * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f))
            * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((4.0f / 362880.0f) -
            (((9.869604110717773f * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * ((5.0f / 39916800.0f) -
            (((9.869604110717773f * ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) *
            ((abs_float32(x[i]) < 0.10000000149011612f) ? x[i] : 0.0f)) * (6.0f / 6227020800.0f))))))))))))) :
            ((block_1[i] - (block_3[i] / ((abs_float32(x[i]) < 0.10000000149011612f) ? 1.0f : (3.1415927410125732f *
            x[i])))) / ((abs_float32(x[i]) < 0.10000000149011612f) ? 1.0f : x[i])))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sinc_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * ((abs_float32(x) < 0.10000000149011612f) ? (0.0f - ((19.739208221435547f * ((abs_float32(x)
        < 0.10000000149011612f) ? x : 0.0f)) * ((1.0f / 6.0f) - (((9.869604110717773f * ((abs_float32(x) <
        0.10000000149011612f) ? x : 0.0f)) * ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) * ((2.0f /
        120.0f) - (((9.869604110717773f * ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) * ((abs_float32(x) <
        0.10000000149011612f) ? x : 0.0f)) * ((3.0f / 5040.0f) - (((9.869604110717773f * ((abs_float32(x) <
        0.10000000149011612f) ? x : 0.0f)) * ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) * ((4.0f /
        362880.0f) - (((9.869604110717773f * ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) *
        ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) * ((5.0f / 39916800.0f) - (((9.869604110717773f *
        ((abs_float32(x) < 0.10000000149011612f) ? x : 0.0f)) * ((abs_float32(x) < 0.10000000149011612f) ? x :
        0.0f)) * (6.0f / 6227020800.0f))))))))))))) : ((cos_float32((3.1415927410125732f * x)) -
        (sin_float32((3.1415927410125732f * x)) / ((abs_float32(x) < 0.10000000149011612f) ? 1.0f :
        (3.1415927410125732f * x)))) / ((abs_float32(x) < 0.10000000149011612f) ? 1.0f : x))));
}
#endif
/* difference, value, float64: difference(x, y) */
static void difference_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = difference_float64(x[i], y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)difference_float64(x, y);
}
#endif
/* difference, dx, float64: g */
static void difference_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* difference, dy, float64: -g */
static void difference_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* difference, value, float32: difference(x, y) */
static void difference_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = difference_float32(x[i], y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)difference_float32(x, y);
}
#endif
/* difference, dx, float32: g */
static void difference_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* difference, dy, float32: -g */
static void difference_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (-g[i]); }
        else
        { EACH(count) dst[i] = (-g[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double difference_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(-g);
}
#endif
/* exp_shifted, value, float64: exp(difference(x, y)) */
static void exp_shifted_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = difference_float64(x[i], y[i]);
        exp_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = block_1[i]; }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)exp_float64(difference_float64(x, y));
}
#endif
/* exp_shifted, dx, float64: g * exp(difference(x, y)) */
static void exp_shifted_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = difference_float64(x[i], y[i]);
        exp_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * exp_float64(difference_float64(x, y)));
}
#endif
/* exp_shifted, dy, float64: -g * exp(difference(x, y)) */
static void exp_shifted_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = difference_float64(x[i], y[i]);
        exp_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_1[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((-g) * exp_float64(difference_float64(x, y)));
}
#endif
/* exp_shifted, value, float32: exp(difference(x, y)) */
static void exp_shifted_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = difference_float32(x[i], y[i]);
        exp_block_float32(block_0, block_1, count);
        { EACH(count) dst[i] = block_1[i]; }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)exp_float32(difference_float32(x, y));
}
#endif
/* exp_shifted, dx, float32: g * exp(difference(x, y)) */
static void exp_shifted_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = difference_float32(x[i], y[i]);
        exp_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * exp_float32(difference_float32(x, y)));
}
#endif
/* exp_shifted, dy, float32: -g * exp(difference(x, y)) */
static void exp_shifted_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = difference_float32(x[i], y[i]);
        exp_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_1[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double exp_shifted_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((-g) * exp_float32(difference_float32(x, y)));
}
#endif
/* deg2rad, value, float64: x * 0.017453292519943295 */
static void deg2rad_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = (x[i] * 0.017453292519943295); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double deg2rad_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(x * 0.017453292519943295);
}
#endif
/* deg2rad, dx, float64: g * 0.017453292519943295 */
static void deg2rad_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * 0.017453292519943295); }
        else
        { EACH(count) dst[i] = (g[i] * 0.017453292519943295); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double deg2rad_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(g * 0.017453292519943295);
}
#endif
/* deg2rad, value, float32: x * 0.017453292519943295 */
static void deg2rad_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = (x[i] * 0.01745329238474369f); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double deg2rad_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(x * 0.01745329238474369f);
}
#endif
/* deg2rad, dx, float32: g * 0.017453292519943295 */
static void deg2rad_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * 0.01745329238474369f); }
        else
        { EACH(count) dst[i] = (g[i] * 0.01745329238474369f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double deg2rad_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(g * 0.01745329238474369f);
}
#endif
/* rad2deg, value, float64: x * 57.29577951308232 */
static void rad2deg_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = (x[i] * 57.29577951308232); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rad2deg_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(x * 57.29577951308232);
}
#endif
/* rad2deg, dx, float64: g * 57.29577951308232 */
static void rad2deg_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * 57.29577951308232); }
        else
        { EACH(count) dst[i] = (g[i] * 57.29577951308232); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rad2deg_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(g * 57.29577951308232);
}
#endif
/* rad2deg, value, float32: x * 57.29577951308232 */
static void rad2deg_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = (x[i] * 57.295780181884766f); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rad2deg_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(x * 57.295780181884766f);
}
#endif
/* rad2deg, dx, float32: g * 57.29577951308232 */
static void rad2deg_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * 57.295780181884766f); }
        else
        { EACH(count) dst[i] = (g[i] * 57.295780181884766f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rad2deg_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)(g * 57.295780181884766f);
}
#endif
/* cosine_of, value, float64: cosine_of(x, y) */
static void cosine_of_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = cosine_of_float64(x[i], y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)cosine_of_float64(x, y);
}
#endif
/* cosine_of, dx, float64: g * cosine_of(y, x) * (cosine_of(y, x) / hypot(x, y)) */
static void cosine_of_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        hypot_block_float64(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * cosine_of_float64(y[i], x[i])) *
            (cosine_of_float64(y[i], x[i]) / block_0[i])); }
        else
        { EACH(count) dst[i] = ((g[i] * cosine_of_float64(y[i], x[i])) * (cosine_of_float64(y[i], x[i]) /
            block_0[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((g * cosine_of_float64(y, x)) * (cosine_of_float64(y, x) / hypot_float64(x, y)));
}
#endif
/* cosine_of, dy, float64: -g * cosine_of(x, y) * (cosine_of(y, x) / hypot(x, y)) */
static void cosine_of_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        hypot_block_float64(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * cosine_of_float64(x[i], y[i])) *
            (cosine_of_float64(y[i], x[i]) / block_0[i])); }
        else
        { EACH(count) dst[i] = (((-g[i]) * cosine_of_float64(x[i], y[i])) * (cosine_of_float64(y[i], x[i]) /
            block_0[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(((-g) * cosine_of_float64(x, y)) * (cosine_of_float64(y, x) / hypot_float64(x, y)));
}
#endif
/* cosine_of, value, float32: cosine_of(x, y) */
static void cosine_of_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = cosine_of_float32(x[i], y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)cosine_of_float32(x, y);
}
#endif
/* cosine_of, dx, float32: g * cosine_of(y, x) * (cosine_of(y, x) / hypot(x, y)) */
static void cosine_of_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        hypot_block_float32(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * cosine_of_float32(y[i], x[i])) *
            (cosine_of_float32(y[i], x[i]) / block_0[i])); }
        else
        { EACH(count) dst[i] = ((g[i] * cosine_of_float32(y[i], x[i])) * (cosine_of_float32(y[i], x[i]) /
            block_0[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((g * cosine_of_float32(y, x)) * (cosine_of_float32(y, x) / hypot_float32(x, y)));
}
#endif
/* cosine_of, dy, float32: -g * cosine_of(x, y) * (cosine_of(y, x) / hypot(x, y)) */
static void cosine_of_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        hypot_block_float32(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * cosine_of_float32(x[i], y[i])) *
            (cosine_of_float32(y[i], x[i]) / block_0[i])); }
        else
        { EACH(count) dst[i] = (((-g[i]) * cosine_of_float32(x[i], y[i])) * (cosine_of_float32(y[i], x[i]) /
            block_0[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double cosine_of_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(((-g) * cosine_of_float32(x, y)) * (cosine_of_float32(y, x) / hypot_float32(x, y)));
}
#endif
/* hypot, value, float64: hypot(x, y) */
static void hypot_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        hypot_block_float64(x, y, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)hypot_float64(x, y);
}
#endif
/* hypot, dx, float64: g * cosine_of(x, y) */
static void hypot_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * cosine_of_float64(x[i], y[i])); }
        else
        { EACH(count) dst[i] = (g[i] * cosine_of_float64(x[i], y[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * cosine_of_float64(x, y));
}
#endif
/* hypot, dy, float64: g * cosine_of(y, x) */
static void hypot_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * cosine_of_float64(y[i], x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * cosine_of_float64(y[i], x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * cosine_of_float64(y, x));
}
#endif
/* hypot, value, float32: hypot(x, y) */
static void hypot_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        hypot_block_float32(x, y, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)hypot_float32(x, y);
}
#endif
/* hypot, dx, float32: g * cosine_of(x, y) */
static void hypot_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * cosine_of_float32(x[i], y[i])); }
        else
        { EACH(count) dst[i] = (g[i] * cosine_of_float32(x[i], y[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * cosine_of_float32(x, y));
}
#endif
/* hypot, dy, float32: g * cosine_of(y, x) */
static void hypot_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * cosine_of_float32(y[i], x[i])); }
        else
        { EACH(count) dst[i] = (g[i] * cosine_of_float32(y[i], x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hypot_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * cosine_of_float32(y, x));
}
#endif
/* log1p_exp_minus, value, float64: log1p_exp_minus(x) */
static void log1p_exp_minus_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        log1p_exp_minus_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_exp_minus_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log1p_exp_minus_float64(x);
}
#endif
/* log1p_exp_minus, dx, float64: -g * logistic(-x) */
static void log1p_exp_minus_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-x[i]);
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_1[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_exp_minus_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((-g) * logistic_float64((-x)));
}
#endif
/* log1p_exp_minus, value, float32: log1p_exp_minus(x) */
static void log1p_exp_minus_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        log1p_exp_minus_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_exp_minus_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log1p_exp_minus_float32(x);
}
#endif
/* log1p_exp_minus, dx, float32: -g * logistic(-x) */
static void log1p_exp_minus_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (-x[i]);
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_1[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log1p_exp_minus_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((-g) * logistic_float32((-x)));
}
#endif
/* logistic, value, float64: logistic(x) */
static void logistic_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        logistic_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)logistic_float64(x);
}
#endif
/* logistic, dx, float64: g * logistic_slope(x) */
static void logistic_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        logistic_slope_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * logistic_slope_float64(x));
}
#endif
/* logistic, value, float32: logistic(x) */
static void logistic_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        logistic_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)logistic_float32(x);
}
#endif
/* logistic, dx, float32: g * logistic_slope(x) */
static void logistic_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        logistic_slope_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * logistic_slope_float32(x));
}
#endif
/* logistic_slope, value, float64: logistic_slope(x) */
static void logistic_slope_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        logistic_slope_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_slope_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)logistic_slope_float64(x);
}
#endif
/* logistic_slope, dx, float64: -g * logistic_slope(x) * tanh(0.5 * x) */
static void logistic_slope_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        logistic_slope_block_float64(x, block_0, count);
        EACH(count) block_1[i] = (0.5 * x[i]);
        tanh_block_float64(block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * block_0[i]) * block_2[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * block_0[i]) * block_2[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_slope_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(((-g) * logistic_slope_float64(x)) * tanh_float64((0.5 * x)));
}
#endif
/* logistic_slope, value, float32: logistic_slope(x) */
static void logistic_slope_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        logistic_slope_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_slope_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)logistic_slope_float32(x);
}
#endif
/* logistic_slope, dx, float32: -g * logistic_slope(x) * tanh(0.5 * x) */
static void logistic_slope_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        logistic_slope_block_float32(x, block_0, count);
        EACH(count) block_1[i] = (0.5f * x[i]);
        tanh_block_float32(block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (((-g[i]) * block_0[i]) * block_2[i]); }
        else
        { EACH(count) dst[i] = (((-g[i]) * block_0[i]) * block_2[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logistic_slope_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(((-g) * logistic_slope_float32(x)) * tanh_float32((0.5f * x)));
}
#endif
/* logaddexp, value, float64: where(x == y, x + 0.6931471805599453, where(x > y, x, y) + log1p_exp_minus(abs(x - y))) */
static void logaddexp_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = abs_float64((x[i] - y[i]));
        log1p_exp_minus_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (x[i] + 0.6931471805599453) : (((x[i] > y[i]) ? x[i] : y[i]) +
            block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x == y) ? (x + 0.6931471805599453) : (((x > y) ? x : y) +
        log1p_exp_minus_float64(abs_float64((x - y)))));
}
#endif
/* logaddexp, dx, float64: g * logistic(difference(x, y)) */
static void logaddexp_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = difference_float64(x[i], y[i]);
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * logistic_float64(difference_float64(x, y)));
}
#endif
/* logaddexp, dy, float64: g * logistic(difference(y, x)) */
static void logaddexp_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = difference_float64(y[i], x[i]);
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * logistic_float64(difference_float64(y, x)));
}
#endif
/* logaddexp, value, float32: where(x == y, x + 0.6931471805599453, where(x > y, x, y) + log1p_exp_minus(abs(x - y))) */
static void logaddexp_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = abs_float32((x[i] - y[i]));
        log1p_exp_minus_block_float32(block_0, block_1, count);
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (x[i] + 0.6931471824645996f) : (((x[i] > y[i]) ? x[i] : y[i]) +
            block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x == y) ? (x + 0.6931471824645996f) : (((x > y) ? x : y) +
        log1p_exp_minus_float32(abs_float32((x - y)))));
}
#endif
/* logaddexp, dx, float32: g * logistic(difference(x, y)) */
static void logaddexp_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = difference_float32(x[i], y[i]);
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * logistic_float32(difference_float32(x, y)));
}
#endif
/* logaddexp, dy, float32: g * logistic(difference(y, x)) */
static void logaddexp_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = difference_float32(y[i], x[i]);
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * logistic_float32(difference_float32(y, x)));
}
#endif
/* logaddexp2, value, float64: where(x == y, x + 1, where(x > y, x, y) + 1.4426950408889634 * log1p(exp2(-abs(x - y)))) */
static void logaddexp2_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-abs_float64((x[i] - y[i])));
        exp2_block_float64(block_0, block_1, count);
        EACH(count) block_2[i] = block_1[i];
        log1p_block_float64(block_2, block_3, count);
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (x[i] + 1.0) : (((x[i] > y[i]) ? x[i] : y[i]) + (1.4426950408889634
            * block_3[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x == y) ? (x + 1.0) : (((x > y) ? x : y) + (1.4426950408889634 *
        log1p_float64(exp2_float64((-abs_float64((x - y))))))));
}
#endif
/* logaddexp2, dx, float64: g * logistic(0.6931471805599453 * difference(x, y)) */
static void logaddexp2_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (0.6931471805599453 * difference_float64(x[i], y[i]));
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * logistic_float64((0.6931471805599453 * difference_float64(x, y))));
}
#endif
/* logaddexp2, dy, float64: g * logistic(0.6931471805599453 * difference(y, x)) */
static void logaddexp2_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (0.6931471805599453 * difference_float64(y[i], x[i]));
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * logistic_float64((0.6931471805599453 * difference_float64(y, x))));
}
#endif
/* logaddexp2, value, float32: where(x == y, x + 1, where(x > y, x, y) + 1.4426950408889634 * log1p(exp2(-abs(x - y)))) */
static void logaddexp2_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], block_3[BLOCK], x_block[BLOCK], y_block[BLOCK],
        dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (-abs_float32((x[i] - y[i])));
        exp2_block_float32(block_0, block_1, count);
        EACH(count) block_2[i] = block_1[i];
        log1p_block_float32(block_2, block_3, count);
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (x[i] + 1.0f) : (((x[i] > y[i]) ? x[i] : y[i]) +
            (1.4426950216293335f * block_3[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x == y) ? (x + 1.0f) : (((x > y) ? x : y) + (1.4426950216293335f *
        log1p_float32(exp2_float32((-abs_float32((x - y))))))));
}
#endif
/* logaddexp2, dx, float32: g * logistic(0.6931471805599453 * difference(x, y)) */
static void logaddexp2_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (0.6931471824645996f * difference_float32(x[i], y[i]));
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * logistic_float32((0.6931471824645996f * difference_float32(x, y))));
}
#endif
/* logaddexp2, dy, float32: g * logistic(0.6931471805599453 * difference(y, x)) */
static void logaddexp2_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (0.6931471824645996f * difference_float32(y[i], x[i]));
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double logaddexp2_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * logistic_float32((0.6931471824645996f * difference_float32(y, x))));
}
#endif
/* xlogy, value, float64: where(y != y, y, where(x == 0, 0, x * log(y))) */
static void xlogy_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        log_block_float64(y, block_0, count);
        { EACH(count) dst[i] = ((y[i] != y[i]) ? y[i] : ((x[i] == 0.0) ? 0.0 : (x[i] * block_0[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((y != y) ? y : ((x == 0.0) ? 0.0 : (x * log_float64(y))));
}
#endif
/* xlogy, dx, float64: g * (log(where(x == 0, where(y <= 0, 1, y), y)) + kink(where(y <= 0, x, 1) * where(y <= 0, y - 1, 1))) */
static void xlogy_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] == 0.0) ? ((y[i] <= 0.0) ? 1.0 : y[i]) : y[i]);
        log_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (block_1[i] + kink_float64((((y[i] <=
            0.0) ? x[i] : 1.0) * ((y[i] <= 0.0) ? (y[i] - 1.0) : 1.0))))); }
        else
        { EACH(count) dst[i] = (g[i] * (block_1[i] + kink_float64((((y[i] <= 0.0) ? x[i] : 1.0) * ((y[i] <= 0.0) ?
            (y[i] - 1.0) : 1.0))))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * (log_float64(((x == 0.0) ? ((y <= 0.0) ? 1.0 : y) : y)) + kink_float64((((y <= 0.0) ? x :
        1.0) * ((y <= 0.0) ? (y - 1.0) : 1.0)))));
}
#endif
/* xlogy, dy, float64: g * x / y */
static void xlogy_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * x[i]) / y[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * x[i]) / y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((g * x) / y);
}
#endif
/* xlogy, value, float32: where(y != y, y, where(x == 0, 0, x * log(y))) */
static void xlogy_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        log_block_float32(y, block_0, count);
        { EACH(count) dst[i] = ((y[i] != y[i]) ? y[i] : ((x[i] == 0.0f) ? 0.0f : (x[i] * block_0[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((y != y) ? y : ((x == 0.0f) ? 0.0f : (x * log_float32(y))));
}
#endif
/* xlogy, dx, float32: g * (log(where(x == 0, where(y <= 0, 1, y), y)) + kink(where(y <= 0, x, 1) * where(y <= 0, y - 1, 1))) */
static void xlogy_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((x[i] == 0.0f) ? ((y[i] <= 0.0f) ? 1.0f : y[i]) : y[i]);
        log_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (block_1[i] + kink_float32((((y[i] <=
            0.0f) ? x[i] : 1.0f) * ((y[i] <= 0.0f) ? (y[i] - 1.0f) : 1.0f))))); }
        else
        { EACH(count) dst[i] = (g[i] * (block_1[i] + kink_float32((((y[i] <= 0.0f) ? x[i] : 1.0f) * ((y[i] <= 0.0f)
            ? (y[i] - 1.0f) : 1.0f))))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * (log_float32(((x == 0.0f) ? ((y <= 0.0f) ? 1.0f : y) : y)) + kink_float32((((y <= 0.0f) ? x
        : 1.0f) * ((y <= 0.0f) ? (y - 1.0f) : 1.0f)))));
}
#endif
/* xlogy, dy, float32: g * x / y */
static void xlogy_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] * x[i]) / y[i]); }
        else
        { EACH(count) dst[i] = ((g[i] * x[i]) / y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double xlogy_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((g * x) / y);
}
#endif
/* log_odds, value, float64: log(x / (1 - x)) */
static void log_odds_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (x[i] / (1.0 - x[i]));
        log_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = block_1[i]; }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_odds_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)log_float64((x / (1.0 - x)));
}
#endif
/* log_odds, dx, float64: g / (x * (1 - x) * sqrt(where(x < 0, x, where(x > 1, -x, 1)))) */
static void log_odds_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / ((x[i] * (1.0 - x[i])) *
            sqrt_float64(((x[i] < 0.0) ? x[i] : ((x[i] > 1.0) ? (-x[i]) : 1.0))))); }
        else
        { EACH(count) dst[i] = (g[i] / ((x[i] * (1.0 - x[i])) * sqrt_float64(((x[i] < 0.0) ? x[i] : ((x[i] > 1.0) ?
            (-x[i]) : 1.0))))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_odds_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g / ((x * (1.0 - x)) * sqrt_float64(((x < 0.0) ? x : ((x > 1.0) ? (-x) : 1.0)))));
}
#endif
/* log_odds, value, float32: log(x / (1 - x)) */
static void log_odds_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (x[i] / (1.0f - x[i]));
        log_block_float32(block_0, block_1, count);
        { EACH(count) dst[i] = block_1[i]; }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_odds_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)log_float32((x / (1.0f - x)));
}
#endif
/* log_odds, dx, float32: g / (x * (1 - x) * sqrt(where(x < 0, x, where(x > 1, -x, 1)))) */
static void log_odds_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] / ((x[i] * (1.0f - x[i])) *
            sqrt_float32(((x[i] < 0.0f) ? x[i] : ((x[i] > 1.0f) ? (-x[i]) : 1.0f))))); }
        else
        { EACH(count) dst[i] = (g[i] / ((x[i] * (1.0f - x[i])) * sqrt_float32(((x[i] < 0.0f) ? x[i] : ((x[i] > 1.0f)
            ? (-x[i]) : 1.0f))))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_odds_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g / ((x * (1.0f - x)) * sqrt_float32(((x < 0.0f) ? x : ((x > 1.0f) ? (-x) : 1.0f)))));
}
#endif
/* erf, value, float64: erf(x) */
static void erf_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        erf_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erf_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)erf_float64(x);
}
#endif
/* erf, dx, float64: g * (1.1283791670955126 * exp(-(x * x))) */
static void erf_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-(x[i] * x[i]));
        exp_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.1283791670955126 * block_1[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (1.1283791670955126 * block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erf_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * (1.1283791670955126 * exp_float64((-(x * x)))));
}
#endif
/* erf, value, float32: erf(x) */
static void erf_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        erf_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erf_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)erf_float32(x);
}
#endif
/* erf, dx, float32: g * (1.1283791670955126 * exp(-(x * x))) */
static void erf_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (-(x[i] * x[i]));
        exp_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (1.128379225730896f * block_1[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (1.128379225730896f * block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erf_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * (1.128379225730896f * exp_float32((-(x * x)))));
}
#endif
/* erfc, value, float64: erfc(x) */
static void erfc_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        erfc_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfc_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)erfc_float64(x);
}
#endif
/* erfc, dx, float64: -g * (1.1283791670955126 * exp(-(x * x))) */
static void erfc_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-(x[i] * x[i]));
        exp_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * (1.1283791670955126 * block_1[i])); }
        else
        { EACH(count) dst[i] = ((-g[i]) * (1.1283791670955126 * block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfc_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((-g) * (1.1283791670955126 * exp_float64((-(x * x)))));
}
#endif
/* erfc, value, float32: erfc(x) */
static void erfc_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        erfc_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfc_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)erfc_float32(x);
}
#endif
/* erfc, dx, float32: -g * (1.1283791670955126 * exp(-(x * x))) */
static void erfc_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (-(x[i] * x[i]));
        exp_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * (1.128379225730896f * block_1[i])); }
        else
        { EACH(count) dst[i] = ((-g[i]) * (1.128379225730896f * block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfc_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((-g) * (1.128379225730896f * exp_float32((-(x * x)))));
}
#endif
/* normal_cdf, value, float64: normal_cdf(x) */
static void normal_cdf_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        normal_cdf_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double normal_cdf_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)normal_cdf_float64(x);
}
#endif
/* normal_cdf, dx, float64: g * (0.3989422804014327 * exp(-0.5 * (x * x))) */
static void normal_cdf_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = ((-0.5) * (x[i] * x[i]));
        exp_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (0.3989422804014327 * block_1[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (0.3989422804014327 * block_1[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double normal_cdf_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * (0.3989422804014327 * exp_float64(((-0.5) * (x * x)))));
}
#endif
/* normal_cdf, value, float32: normal_cdf(x) */
static void normal_cdf_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        normal_cdf_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double normal_cdf_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)normal_cdf_float32(x);
}
#endif
/* normal_cdf, dx, float32: g * (0.3989422804014327 * exp(-0.5 * (x * x))) */
static void normal_cdf_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = ((-0.5f) * (x[i] * x[i]));
        exp_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (0.3989422917366028f * block_1[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (0.3989422917366028f * block_1[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double normal_cdf_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * (0.3989422917366028f * exp_float32(((-0.5f) * (x * x)))));
}
#endif
/* erfinv, value, float64: erfinv(x) */
static void erfinv_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        erfinv_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfinv_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)erfinv_float64(x);
}
#endif
/* erfinv, dx, float64: g * (0.886226925452758 * exp(square(erfinv(x)))) */
static void erfinv_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        erfinv_block_float64(x, block_0, count);
        EACH(count) block_1[i] = square_float64(block_0[i]);
        exp_block_float64(block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (0.886226925452758 * block_2[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (0.886226925452758 * block_2[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfinv_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * (0.886226925452758 * exp_float64(square_float64(erfinv_float64(x)))));
}
#endif
/* erfinv, value, float32: erfinv(x) */
static void erfinv_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        erfinv_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfinv_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)erfinv_float32(x);
}
#endif
/* erfinv, dx, float32: g * (0.886226925452758 * exp(square(erfinv(x)))) */
static void erfinv_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], block_2[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        erfinv_block_float32(x, block_0, count);
        EACH(count) block_1[i] = square_float32(block_0[i]);
        exp_block_float32(block_1, block_2, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * (0.8862269520759583f * block_2[i])); }
        else
        { EACH(count) dst[i] = (g[i] * (0.8862269520759583f * block_2[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double erfinv_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * (0.8862269520759583f * exp_float32(square_float32(erfinv_float32(x)))));
}
#endif
/* lgamma, value, float64: lgamma(x) */
static void lgamma_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        lgamma_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double lgamma_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)lgamma_float64(x);
}
#endif
/* lgamma, dx, float64: g * digamma(x) */
static void lgamma_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        digamma_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double lgamma_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * digamma_float64(x));
}
#endif
/* lgamma, value, float32: lgamma(x) */
static void lgamma_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        lgamma_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double lgamma_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)lgamma_float32(x);
}
#endif
/* lgamma, dx, float32: g * digamma(x) */
static void lgamma_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        digamma_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double lgamma_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * digamma_float32(x));
}
#endif
/* digamma, value, float64: digamma(x) */
static void digamma_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        digamma_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double digamma_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)digamma_float64(x);
}
#endif
/* digamma, dx, float64: g * trigamma(x) */
static void digamma_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        trigamma_block_float64(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double digamma_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * trigamma_float64(x));
}
#endif
/* digamma, value, float32: digamma(x) */
static void digamma_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        digamma_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double digamma_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)digamma_float32(x);
}
#endif
/* digamma, dx, float32: g * trigamma(x) */
static void digamma_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        trigamma_block_float32(x, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_0[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double digamma_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * trigamma_float32(x));
}
#endif
/* trigamma, value, float64: trigamma(x) */
static void trigamma_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        trigamma_block_float64(x, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trigamma_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)trigamma_float64(x);
}
#endif
/* trigamma, dx, float64: g * polygamma_at(x, 2) */
static void trigamma_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * polygamma_at_float64(x[i], 2.0)); }
        else
        { EACH(count) dst[i] = (g[i] * polygamma_at_float64(x[i], 2.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trigamma_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * polygamma_at_float64(x, 2.0));
}
#endif
/* trigamma, value, float32: trigamma(x) */
static void trigamma_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        trigamma_block_float32(x, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trigamma_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)trigamma_float32(x);
}
#endif
/* trigamma, dx, float32: g * polygamma_at(x, 2) */
static void trigamma_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * polygamma_at_float32(x[i], 2.0f)); }
        else
        { EACH(count) dst[i] = (g[i] * polygamma_at_float32(x[i], 2.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trigamma_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * polygamma_at_float32(x, 2.0f));
}
#endif
/* polygamma_at, value, float64: polygamma_at(x, y) */
static void polygamma_at_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = polygamma_at_float64(x[i], y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double polygamma_at_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)polygamma_at_float64(x, y);
}
#endif
/* polygamma_at, dx, float64: g * polygamma_at(x, y + 1) */
static void polygamma_at_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * polygamma_at_float64(x[i], (y[i] +
            1.0))); }
        else
        { EACH(count) dst[i] = (g[i] * polygamma_at_float64(x[i], (y[i] + 1.0))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double polygamma_at_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)(g * polygamma_at_float64(x, (y + 1.0)));
}
#endif
/* polygamma_at, value, float32: polygamma_at(x, y) */
static void polygamma_at_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = polygamma_at_float32(x[i], y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double polygamma_at_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)polygamma_at_float32(x, y);
}
#endif
/* polygamma_at, dx, float32: g * polygamma_at(x, y + 1) */
static void polygamma_at_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * polygamma_at_float32(x[i], (y[i] +
            1.0f))); }
        else
        { EACH(count) dst[i] = (g[i] * polygamma_at_float32(x[i], (y[i] + 1.0f))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double polygamma_at_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)(g * polygamma_at_float32(x, (y + 1.0f)));
}
#endif
/* sign, value, float64: where(x > 0, 1, where(x < 0, -1, 0)) */
static void sign_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] > 0.0) ? 1.0 : ((x[i] < 0.0) ? (-1.0) : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sign_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x > 0.0) ? 1.0 : ((x < 0.0) ? (-1.0) : 0.0));
}
#endif
/* sign, dx, float64: 0 */
static void sign_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sign_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* sign, value, float32: where(x > 0, 1, where(x < 0, -1, 0)) */
static void sign_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] > 0.0f) ? 1.0f : ((x[i] < 0.0f) ? (-1.0f) : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sign_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x > 0.0f) ? 1.0f : ((x < 0.0f) ? (-1.0f) : 0.0f));
}
#endif
/* sign, dx, float32: 0 */
static void sign_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sign_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* sgn, value, float64: where(x > 0, 1, where(x < 0, -1, 0)) */
static void sgn_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] > 0.0) ? 1.0 : ((x[i] < 0.0) ? (-1.0) : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sgn_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x > 0.0) ? 1.0 : ((x < 0.0) ? (-1.0) : 0.0));
}
#endif
/* sgn, dx, float64: 0 */
static void sgn_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sgn_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* sgn, value, float32: where(x > 0, 1, where(x < 0, -1, 0)) */
static void sgn_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] > 0.0f) ? 1.0f : ((x[i] < 0.0f) ? (-1.0f) : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sgn_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x > 0.0f) ? 1.0f : ((x < 0.0f) ? (-1.0f) : 0.0f));
}
#endif
/* sgn, dx, float32: 0 */
static void sgn_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double sgn_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* floor, value, float64: floor(x) */
#ifdef AUTODIFF_POINTS
static double floor_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)floor_float64(x);
}
#endif
/* floor, dx, float64: 0 */
static void floor_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* floor, value, float32: floor(x) */
#ifdef AUTODIFF_POINTS
static double floor_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)floor_float32(x);
}
#endif
/* floor, dx, float32: 0 */
static void floor_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* ceil, value, float64: ceil(x) */
#ifdef AUTODIFF_POINTS
static double ceil_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)ceil_float64(x);
}
#endif
/* ceil, dx, float64: 0 */
static void ceil_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double ceil_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* ceil, value, float32: ceil(x) */
#ifdef AUTODIFF_POINTS
static double ceil_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)ceil_float32(x);
}
#endif
/* ceil, dx, float32: 0 */
static void ceil_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double ceil_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* trunc, value, float64: trunc(x) */
#ifdef AUTODIFF_POINTS
static double trunc_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)trunc_float64(x);
}
#endif
/* trunc, dx, float64: 0 */
static void trunc_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* trunc, value, float32: trunc(x) */
#ifdef AUTODIFF_POINTS
static double trunc_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)trunc_float32(x);
}
#endif
/* trunc, dx, float32: 0 */
static void trunc_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* frac, value, float64: x - trunc(x) */
static void frac_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        trunc_block_float64(x, block_0, count);
        { EACH(count) dst[i] = (x[i] - block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double frac_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(x - trunc_float64(x));
}
#endif
/* frac, dx, float64: g */
static void frac_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double frac_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* frac, value, float32: x - trunc(x) */
static void frac_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        trunc_block_float32(x, block_0, count);
        { EACH(count) dst[i] = (x[i] - block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double frac_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(x - trunc_float32(x));
}
#endif
/* frac, dx, float32: g */
static void frac_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double frac_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* rint, value, float64: rint(x) */
#ifdef AUTODIFF_POINTS
static double rint_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)rint_float64(x);
}
#endif
/* rint, dx, float64: 0 */
static void rint_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rint_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* rint, value, float32: rint(x) */
#ifdef AUTODIFF_POINTS
static double rint_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)rint_float32(x);
}
#endif
/* rint, dx, float32: 0 */
static void rint_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double rint_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* fmod, value, float64: fmod(x, y) */
static void fmod_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        fmod_block_float64(x, y, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)fmod_float64(x, y);
}
#endif
/* fmod, dx, float64: g */
static void fmod_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* fmod, dy, float64: -g * trunc_quotient(x, y) */
static void fmod_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * trunc_quotient_float64(x[i], y[i]));
            }
        else
        { EACH(count) dst[i] = ((-g[i]) * trunc_quotient_float64(x[i], y[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((-g) * trunc_quotient_float64(x, y));
}
#endif
/* fmod, value, float32: fmod(x, y) */
static void fmod_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        fmod_block_float32(x, y, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)fmod_float32(x, y);
}
#endif
/* fmod, dx, float32: g */
static void fmod_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* fmod, dy, float32: -g * trunc_quotient(x, y) */
static void fmod_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * trunc_quotient_float32(x[i], y[i]));
            }
        else
        { EACH(count) dst[i] = ((-g[i]) * trunc_quotient_float32(x[i], y[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmod_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((-g) * trunc_quotient_float32(x, y));
}
#endif
/* remainder, value, float64: remainder(x, y) */
static void remainder_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        remainder_block_float64(x, y, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)remainder_float64(x, y);
}
#endif
/* remainder, dx, float64: g */
static void remainder_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* remainder, dy, float64: -g * floor_quotient(x, y) */
static void remainder_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        floor_quotient_block_float64(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_0[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_0[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((-g) * floor_quotient_float64(x, y));
}
#endif
/* remainder, value, float32: remainder(x, y) */
static void remainder_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        remainder_block_float32(x, y, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)remainder_float32(x, y);
}
#endif
/* remainder, dx, float32: g */
static void remainder_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += g[i]; }
        else
        { EACH(count) dst[i] = g[i]; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    (void)x_; (void)y_; (void)out_;
    return (double)g;
}
#endif
/* remainder, dy, float32: -g * floor_quotient(x, y) */
static void remainder_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        floor_quotient_block_float32(x, y, block_0, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((-g[i]) * block_0[i]); }
        else
        { EACH(count) dst[i] = ((-g[i]) * block_0[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double remainder_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((-g) * floor_quotient_float32(x, y));
}
#endif
/* floor_quotient, value, float64: floor_quotient(x, y) */
static void floor_quotient_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        floor_quotient_block_float64(x, y, dst, count);
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)floor_quotient_float64(x, y);
}
#endif
/* floor_quotient, dx, float64: 0 */
static void floor_quotient_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* floor_quotient, dy, float64: 0 */
static void floor_quotient_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_dy1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* floor_quotient, value, float32: floor_quotient(x, y) */
static void floor_quotient_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        floor_quotient_block_float32(x, y, dst, count);
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)floor_quotient_float32(x, y);
}
#endif
/* floor_quotient, dx, float32: 0 */
static void floor_quotient_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* floor_quotient, dy, float32: 0 */
static void floor_quotient_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double floor_quotient_dy1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* trunc_quotient, value, float64: trunc_quotient(x, y) */
static void trunc_quotient_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) &&
        steps[2] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        const double *y = gathered_float64(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        double *const dst = steps[2] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = trunc_quotient_float64(x[i], y[i]); }
        if (dst == dst_block) scatter_float64(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)trunc_quotient_float64(x, y);
}
#endif
/* trunc_quotient, dx, float64: 0 */
static void trunc_quotient_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_dx1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* trunc_quotient, dy, float64: 0 */
static void trunc_quotient_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_dy1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* trunc_quotient, value, float32: trunc_quotient(x, y) */
static void trunc_quotient_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) &&
        steps[2] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        const float *y = gathered_float32(args[1], steps[1], start, count, y_block);
        char *const target = args[2] + start * steps[2];
        float *const dst = steps[2] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = trunc_quotient_float32(x[i], y[i]); }
        if (dst == dst_block) scatter_float32(target, steps[2], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)trunc_quotient_float32(x, y);
}
#endif
/* trunc_quotient, dx, float32: 0 */
static void trunc_quotient_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_dx1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* trunc_quotient, dy, float32: 0 */
static void trunc_quotient_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double trunc_quotient_dy1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* maximum, value, float64: maximum(x, y) */
#ifdef AUTODIFF_POINTS
static double maximum_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)maximum_float64(x, y);
}
#endif
/* maximum, dx, float64: where(x == y, g / 2, where(x < y, 0, g)) */
static void maximum_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] < y[i])
            ? 0.0 : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] < y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double maximum_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0) : ((x < y) ? 0.0 : g));
}
#endif
/* maximum, dy, float64: where(x == y, g / 2, where(x > y, 0, g)) */
static void maximum_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] > y[i])
            ? 0.0 : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] > y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double maximum_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0) : ((x > y) ? 0.0 : g));
}
#endif
/* maximum, value, float32: maximum(x, y) */
#ifdef AUTODIFF_POINTS
static double maximum_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)maximum_float32(x, y);
}
#endif
/* maximum, dx, float32: where(x == y, g / 2, where(x < y, 0, g)) */
static void maximum_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] < y[i])
            ? 0.0f : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] < y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double maximum_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0f) : ((x < y) ? 0.0f : g));
}
#endif
/* maximum, dy, float32: where(x == y, g / 2, where(x > y, 0, g)) */
static void maximum_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] > y[i])
            ? 0.0f : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] > y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double maximum_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0f) : ((x > y) ? 0.0f : g));
}
#endif
/* minimum, value, float64: minimum(x, y) */
#ifdef AUTODIFF_POINTS
static double minimum_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)minimum_float64(x, y);
}
#endif
/* minimum, dx, float64: where(x == y, g / 2, where(x > y, 0, g)) */
static void minimum_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] > y[i])
            ? 0.0 : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] > y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double minimum_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0) : ((x > y) ? 0.0 : g));
}
#endif
/* minimum, dy, float64: where(x == y, g / 2, where(x < y, 0, g)) */
static void minimum_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] < y[i])
            ? 0.0 : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0) : ((x[i] < y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double minimum_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0) : ((x < y) ? 0.0 : g));
}
#endif
/* minimum, value, float32: minimum(x, y) */
#ifdef AUTODIFF_POINTS
static double minimum_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)minimum_float32(x, y);
}
#endif
/* minimum, dx, float32: where(x == y, g / 2, where(x > y, 0, g)) */
static void minimum_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] > y[i])
            ? 0.0f : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] > y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double minimum_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0f) : ((x > y) ? 0.0f : g));
}
#endif
/* minimum, dy, float32: where(x == y, g / 2, where(x < y, 0, g)) */
static void minimum_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] < y[i])
            ? 0.0f : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] == y[i]) ? (g[i] / 2.0f) : ((x[i] < y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double minimum_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x == y) ? (g / 2.0f) : ((x < y) ? 0.0f : g));
}
#endif
/* fmax, value, float64: fmax(x, y) */
#ifdef AUTODIFF_POINTS
static double fmax_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)fmax_float64(x, y);
}
#endif
/* fmax, dx, float64: where(x >= y, g, where(y == y, 0, g)) */
static void fmax_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0 :
            g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmax_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x >= y) ? g : ((y == y) ? 0.0 : g));
}
#endif
/* fmax, dy, float64: where(x >= y, 0, where(y == y, g, 0)) */
static void fmax_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? 0.0 : ((y[i] == y[i]) ? g[i] :
            0.0)); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? 0.0 : ((y[i] == y[i]) ? g[i] : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmax_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x >= y) ? 0.0 : ((y == y) ? g : 0.0));
}
#endif
/* fmax, value, float32: fmax(x, y) */
#ifdef AUTODIFF_POINTS
static double fmax_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)fmax_float32(x, y);
}
#endif
/* fmax, dx, float32: where(x >= y, g, where(y == y, 0, g)) */
static void fmax_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0f
            : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmax_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x >= y) ? g : ((y == y) ? 0.0f : g));
}
#endif
/* fmax, dy, float32: where(x >= y, 0, where(y == y, g, 0)) */
static void fmax_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? 0.0f : ((y[i] == y[i]) ? g[i]
            : 0.0f)); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? 0.0f : ((y[i] == y[i]) ? g[i] : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmax_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x >= y) ? 0.0f : ((y == y) ? g : 0.0f));
}
#endif
/* fmin, value, float64: fmin(x, y) */
#ifdef AUTODIFF_POINTS
static double fmin_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)fmin_float64(x, y);
}
#endif
/* fmin, dx, float64: where(x <= y, g, where(y == y, 0, g)) */
static void fmin_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0 :
            g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmin_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x <= y) ? g : ((y == y) ? 0.0 : g));
}
#endif
/* fmin, dy, float64: where(x <= y, 0, where(y == y, g, 0)) */
static void fmin_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? 0.0 : ((y[i] == y[i]) ? g[i] :
            0.0)); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? 0.0 : ((y[i] == y[i]) ? g[i] : 0.0)); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmin_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x <= y) ? 0.0 : ((y == y) ? g : 0.0));
}
#endif
/* fmin, value, float32: fmin(x, y) */
#ifdef AUTODIFF_POINTS
static double fmin_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)fmin_float32(x, y);
}
#endif
/* fmin, dx, float32: where(x <= y, g, where(y == y, 0, g)) */
static void fmin_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0f
            : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? g[i] : ((y[i] == y[i]) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmin_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x <= y) ? g : ((y == y) ? 0.0f : g));
}
#endif
/* fmin, dy, float32: where(x <= y, 0, where(y == y, g, 0)) */
static void fmin_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? 0.0f : ((y[i] == y[i]) ? g[i]
            : 0.0f)); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? 0.0f : ((y[i] == y[i]) ? g[i] : 0.0f)); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double fmin_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x <= y) ? 0.0f : ((y == y) ? g : 0.0f));
}
#endif
/* clamp_min, value, float64: maximum(x, y) */
#ifdef AUTODIFF_POINTS
static double clamp_min_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)maximum_float64(x, y);
}
#endif
/* clamp_min, dx, float64: where(x >= y, g, 0) */
static void clamp_min_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? g[i] : 0.0); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? g[i] : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_min_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x >= y) ? g : 0.0);
}
#endif
/* clamp_min, dy, float64: where(x < y, g, 0) */
static void clamp_min_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] < y[i]) ? g[i] : 0.0); }
        else
        { EACH(count) dst[i] = ((x[i] < y[i]) ? g[i] : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_min_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x < y) ? g : 0.0);
}
#endif
/* clamp_min, value, float32: maximum(x, y) */
#ifdef AUTODIFF_POINTS
static double clamp_min_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)maximum_float32(x, y);
}
#endif
/* clamp_min, dx, float32: where(x >= y, g, 0) */
static void clamp_min_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] >= y[i]) ? g[i] : 0.0f); }
        else
        { EACH(count) dst[i] = ((x[i] >= y[i]) ? g[i] : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_min_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x >= y) ? g : 0.0f);
}
#endif
/* clamp_min, dy, float32: where(x < y, g, 0) */
static void clamp_min_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] < y[i]) ? g[i] : 0.0f); }
        else
        { EACH(count) dst[i] = ((x[i] < y[i]) ? g[i] : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_min_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x < y) ? g : 0.0f);
}
#endif
/* clamp_max, value, float64: minimum(x, y) */
#ifdef AUTODIFF_POINTS
static double clamp_max_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)minimum_float64(x, y);
}
#endif
/* clamp_max, dx, float64: where(x <= y, g, 0) */
static void clamp_max_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? g[i] : 0.0); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? g[i] : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_max_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x <= y) ? g : 0.0);
}
#endif
/* clamp_max, dy, float64: where(x > y, g, 0) */
static void clamp_max_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[3] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *y = gathered_float64(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] > y[i]) ? g[i] : 0.0); }
        else
        { EACH(count) dst[i] = ((x[i] > y[i]) ? g[i] : 0.0); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_max_dy1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double y = (double)y_;
    (void)out_;
    return (double)((x > y) ? g : 0.0);
}
#endif
/* clamp_max, value, float32: minimum(x, y) */
#ifdef AUTODIFF_POINTS
static double clamp_max_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)minimum_float32(x, y);
}
#endif
/* clamp_max, dx, float32: where(x <= y, g, 0) */
static void clamp_max_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= y[i]) ? g[i] : 0.0f); }
        else
        { EACH(count) dst[i] = ((x[i] <= y[i]) ? g[i] : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_max_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x <= y) ? g : 0.0f);
}
#endif
/* clamp_max, dy, float32: where(x > y, g, 0) */
static void clamp_max_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], y_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[3] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *y = gathered_float32(args[3], steps[3], start, count, y_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] > y[i]) ? g[i] : 0.0f); }
        else
        { EACH(count) dst[i] = ((x[i] > y[i]) ? g[i] : 0.0f); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double clamp_max_dy1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float y = (float)y_;
    (void)out_;
    return (double)((x > y) ? g : 0.0f);
}
#endif
/* copysign, value, float64: copysign(x, y) */
#ifdef AUTODIFF_POINTS
static double copysign_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)copysign_float64(x, y);
}
#endif
/* copysign, dx, float64: where(x == 0, 0, where(out == x, g, where(out == -x, -g, x))) */
static void copysign_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[4] == (Py_ssize_t)sizeof(double) && steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        const double *out = gathered_float64(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == 0.0) ? 0.0 : ((out[i] == x[i]) ? g[i]
            : ((out[i] == (-x[i])) ? (-g[i]) : x[i]))); }
        else
        { EACH(count) dst[i] = ((x[i] == 0.0) ? 0.0 : ((out[i] == x[i]) ? g[i] : ((out[i] == (-x[i])) ? (-g[i]) :
            x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double copysign_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    double out = (double)out_;
    (void)y_;
    return (double)((x == 0.0) ? 0.0 : ((out == x) ? g : ((out == (-x)) ? (-g) : x)));
}
#endif
/* copysign, dy, float64: 0 */
static void copysign_dy_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0; }
        else
        { EACH(count) dst[i] = 0.0; }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double copysign_dy1_float64(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0;
}
#endif
/* copysign, value, float32: copysign(x, y) */
#ifdef AUTODIFF_POINTS
static double copysign_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)copysign_float32(x, y);
}
#endif
/* copysign, dx, float32: where(x == 0, 0, where(out == x, g, where(out == -x, -g, x))) */
static void copysign_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], out_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[4] == (Py_ssize_t)sizeof(float) && steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        const float *out = gathered_float32(args[4], steps[4], start, count, out_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] == 0.0f) ? 0.0f : ((out[i] == x[i]) ?
            g[i] : ((out[i] == (-x[i])) ? (-g[i]) : x[i]))); }
        else
        { EACH(count) dst[i] = ((x[i] == 0.0f) ? 0.0f : ((out[i] == x[i]) ? g[i] : ((out[i] == (-x[i])) ? (-g[i]) :
            x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double copysign_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    float out = (float)out_;
    (void)y_;
    return (double)((x == 0.0f) ? 0.0f : ((out == x) ? g : ((out == (-x)) ? (-g) : x)));
}
#endif
/* copysign, dy, float32: 0 */
static void copysign_dy_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += 0.0f; }
        else
        { EACH(count) dst[i] = 0.0f; }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double copysign_dy1_float32(double g_, double x_, double y_, double out_)
{
    (void)g_; (void)x_; (void)y_; (void)out_;
    return (double)0.0f;
}
#endif
/* log_logistic, value, float64: where(x < 0, x, 0) - log1p_exp_minus(abs(x)) */
static void log_logistic_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = abs_float64(x[i]);
        log1p_exp_minus_block_float64(block_0, block_1, count);
        { EACH(count) dst[i] = (((x[i] < 0.0) ? x[i] : 0.0) - block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_logistic_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(((x < 0.0) ? x : 0.0) - log1p_exp_minus_float64(abs_float64(x)));
}
#endif
/* log_logistic, dx, float64: g * logistic(-x) */
static void log_logistic_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        EACH(count) block_0[i] = (-x[i]);
        logistic_block_float64(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_logistic_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)(g * logistic_float64((-x)));
}
#endif
/* log_logistic, value, float32: where(x < 0, x, 0) - log1p_exp_minus(abs(x)) */
static void log_logistic_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float block_0[BLOCK], block_1[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = abs_float32(x[i]);
        log1p_exp_minus_block_float32(block_0, block_1, count);
        { EACH(count) dst[i] = (((x[i] < 0.0f) ? x[i] : 0.0f) - block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_logistic_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(((x < 0.0f) ? x : 0.0f) - log1p_exp_minus_float32(abs_float32(x)));
}
#endif
/* log_logistic, dx, float32: g * logistic(-x) */
static void log_logistic_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float block_0[BLOCK], block_1[BLOCK], g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        EACH(count) block_0[i] = (-x[i]);
        logistic_block_float32(block_0, block_1, count);
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += (g[i] * block_1[i]); }
        else
        { EACH(count) dst[i] = (g[i] * block_1[i]); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double log_logistic_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)(g * logistic_float32((-x)));
}
#endif
/* relu6, value, float64: where(x <= 0, 0, where(x >= 6, 6, x)) */
static void relu6_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= 0.0) ? 0.0 : ((x[i] >= 6.0) ? 6.0 : x[i])); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu6_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x <= 0.0) ? 0.0 : ((x >= 6.0) ? 6.0 : x));
}
#endif
/* relu6, dx, float64: where(x <= 0, 0, where(x >= 6, 0, g)) */
static void relu6_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= 0.0) ? 0.0 : ((x[i] >= 6.0) ? 0.0 :
            g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] <= 0.0) ? 0.0 : ((x[i] >= 6.0) ? 0.0 : g[i])); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu6_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((x <= 0.0) ? 0.0 : ((x >= 6.0) ? 0.0 : g));
}
#endif
/* relu6, value, float32: where(x <= 0, 0, where(x >= 6, 6, x)) */
static void relu6_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= 0.0f) ? 0.0f : ((x[i] >= 6.0f) ? 6.0f : x[i])); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu6_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x <= 0.0f) ? 0.0f : ((x >= 6.0f) ? 6.0f : x));
}
#endif
/* relu6, dx, float32: where(x <= 0, 0, where(x >= 6, 0, g)) */
static void relu6_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= 0.0f) ? 0.0f : ((x[i] >= 6.0f) ? 0.0f
            : g[i])); }
        else
        { EACH(count) dst[i] = ((x[i] <= 0.0f) ? 0.0f : ((x[i] >= 6.0f) ? 0.0f : g[i])); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double relu6_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((x <= 0.0f) ? 0.0f : ((x >= 6.0f) ? 0.0f : g));
}
#endif
/* hardswish, value, float64: where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6)) */
static void hardswish_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? x[i] : ((x[i] * (x[i] + 3.0)) / 6.0))); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardswish_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x <= (-3.0)) ? 0.0 : ((x >= 3.0) ? x : ((x * (x + 3.0)) / 6.0)));
}
#endif
/* hardswish, dx, float64: where(x <= -3, 0, where(x >= 3, g, g * (x * 0.3333333333333333 + 0.5))) */
static void hardswish_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? g[i]
            : (g[i] * ((x[i] * 0.3333333333333333) + 0.5)))); }
        else
        { EACH(count) dst[i] = ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? g[i] : (g[i] * ((x[i] *
            0.3333333333333333) + 0.5)))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardswish_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((x <= (-3.0)) ? 0.0 : ((x >= 3.0) ? g : (g * ((x * 0.3333333333333333) + 0.5))));
}
#endif
/* hardswish, value, float32: where(x <= -3, 0, where(x >= 3, x, x * (x + 3) / 6)) */
static void hardswish_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ? x[i] : ((x[i] * (x[i] + 3.0f)) /
            6.0f))); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardswish_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x <= (-3.0f)) ? 0.0f : ((x >= 3.0f) ? x : ((x * (x + 3.0f)) / 6.0f)));
}
#endif
/* hardswish, dx, float32: where(x <= -3, 0, where(x >= 3, g, g * (x * 0.3333333333333333 + 0.5))) */
static void hardswish_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ?
            g[i] : (g[i] * ((x[i] * 0.3333333432674408f) + 0.5f)))); }
        else
        { EACH(count) dst[i] = ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ? g[i] : (g[i] * ((x[i] *
            0.3333333432674408f) + 0.5f)))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardswish_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((x <= (-3.0f)) ? 0.0f : ((x >= 3.0f) ? g : (g * ((x * 0.3333333432674408f) + 0.5f))));
}
#endif
/* hardsigmoid, value, float64: where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6)) */
static void hardsigmoid_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? 1.0 : ((x[i] + 3.0) / 6.0))); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardsigmoid_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x <= (-3.0)) ? 0.0 : ((x >= 3.0) ? 1.0 : ((x + 3.0) / 6.0)));
}
#endif
/* hardsigmoid, dx, float64: where(x <= -3, 0, where(x >= 3, 0, g / 6)) */
static void hardsigmoid_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? 0.0 :
            (g[i] / 6.0))); }
        else
        { EACH(count) dst[i] = ((x[i] <= (-3.0)) ? 0.0 : ((x[i] >= 3.0) ? 0.0 : (g[i] / 6.0))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardsigmoid_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((x <= (-3.0)) ? 0.0 : ((x >= 3.0) ? 0.0 : (g / 6.0)));
}
#endif
/* hardsigmoid, value, float32: where(x <= -3, 0, where(x >= 3, 1, (x + 3) / 6)) */
static void hardsigmoid_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void
    *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ? 1.0f : ((x[i] + 3.0f) / 6.0f))); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardsigmoid_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x <= (-3.0f)) ? 0.0f : ((x >= 3.0f) ? 1.0f : ((x + 3.0f) / 6.0f)));
}
#endif
/* hardsigmoid, dx, float32: where(x <= -3, 0, where(x >= 3, 0, g / 6)) */
static void hardsigmoid_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ?
            0.0f : (g[i] / 6.0f))); }
        else
        { EACH(count) dst[i] = ((x[i] <= (-3.0f)) ? 0.0f : ((x[i] >= 3.0f) ? 0.0f : (g[i] / 6.0f))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double hardsigmoid_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((x <= (-3.0f)) ? 0.0f : ((x >= 3.0f) ? 0.0f : (g / 6.0f)));
}
#endif
/* softsign, value, float64: x / (1 + abs(x)) */
static void softsign_value_float64(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    double x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(double) && steps[1] == (Py_ssize_t)sizeof(double) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *x = gathered_float64(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        double *const dst = steps[1] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        { EACH(count) dst[i] = (x[i] / (1.0 + abs_float64(x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double softsign_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(x / (1.0 + abs_float64(x)));
}
#endif
/* softsign, dx, float64: g / where(x < 0, 1 - x, 1 + x) / where(x < 0, 1 - x, 1 + x) */
static void softsign_dx_float64(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    double g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(double) && steps[2] == (Py_ssize_t)sizeof(double) &&
        steps[0] == (Py_ssize_t)sizeof(double) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const double *g = gathered_float64(args[1], steps[1], start, count, g_block);
        const double *x = gathered_float64(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        double *const dst = steps[0] == (Py_ssize_t)sizeof(double) ? (double *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / ((x[i] < 0.0) ? (1.0 - x[i]) : (1.0 +
            x[i]))) / ((x[i] < 0.0) ? (1.0 - x[i]) : (1.0 + x[i]))); }
        else
        { EACH(count) dst[i] = ((g[i] / ((x[i] < 0.0) ? (1.0 - x[i]) : (1.0 + x[i]))) / ((x[i] < 0.0) ? (1.0 - x[i])
            : (1.0 + x[i]))); }
        if (dst == dst_block) scatter_float64(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double softsign_dx1_float64(double g_, double x_, double y_, double out_)
{
    double g = (double)g_;
    double x = (double)x_;
    (void)y_; (void)out_;
    return (double)((g / ((x < 0.0) ? (1.0 - x) : (1.0 + x))) / ((x < 0.0) ? (1.0 - x) : (1.0 + x)));
}
#endif
/* softsign, value, float32: x / (1 + abs(x)) */
static void softsign_value_float32(char **args, const Py_ssize_t *dimensions, const Py_ssize_t *steps, void *data)
{
    const Py_ssize_t n = dimensions[0];
    const int accumulate = 0;
    float x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[0] == (Py_ssize_t)sizeof(float) && steps[1] == (Py_ssize_t)sizeof(float) ? n :
        BLOCK;
    (void)data;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *x = gathered_float32(args[0], steps[0], start, count, x_block);
        char *const target = args[1] + start * steps[1];
        float *const dst = steps[1] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        { EACH(count) dst[i] = (x[i] / (1.0f + abs_float32(x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[1], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double softsign_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(x / (1.0f + abs_float32(x)));
}
#endif
/* softsign, dx, float32: g / where(x < 0, 1 - x, 1 + x) / where(x < 0, 1 - x, 1 + x) */
static void softsign_dx_float32(char **args, const Py_ssize_t *steps, Py_ssize_t n, int accumulate)
{
    float g_block[BLOCK], x_block[BLOCK], dst_block[BLOCK];
    const Py_ssize_t length = steps[1] == (Py_ssize_t)sizeof(float) && steps[2] == (Py_ssize_t)sizeof(float) &&
        steps[0] == (Py_ssize_t)sizeof(float) ? n : BLOCK;
    for (Py_ssize_t start = 0; start < n; start += length) {
        const Py_ssize_t count = n - start < length ? n - start : length;
        const float *g = gathered_float32(args[1], steps[1], start, count, g_block);
        const float *x = gathered_float32(args[2], steps[2], start, count, x_block);
        char *const target = args[0] + start * steps[0];
        float *const dst = steps[0] == (Py_ssize_t)sizeof(float) ? (float *)target : dst_block;
        if (accumulate && dst != dst_block) { EACH(count) dst[i] += ((g[i] / ((x[i] < 0.0f) ? (1.0f - x[i]) : (1.0f
            + x[i]))) / ((x[i] < 0.0f) ? (1.0f - x[i]) : (1.0f + x[i]))); }
        else
        { EACH(count) dst[i] = ((g[i] / ((x[i] < 0.0f) ? (1.0f - x[i]) : (1.0f + x[i]))) / ((x[i] < 0.0f) ? (1.0f -
            x[i]) : (1.0f + x[i]))); }
        if (dst == dst_block) scatter_float32(target, steps[0], count, dst, accumulate);
    }
}
#ifdef AUTODIFF_POINTS
static double softsign_dx1_float32(double g_, double x_, double y_, double out_)
{
    float g = (float)g_;
    float x = (float)x_;
    (void)y_; (void)out_;
    return (double)((g / ((x < 0.0f) ? (1.0f - x) : (1.0f + x))) / ((x < 0.0f) ? (1.0f - x) : (1.0f + x)));
}
#endif
/* eq, value, float64: x == y */
#ifdef AUTODIFF_POINTS
static double eq_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x == y) ? 1.0 : 0.0);
}
#endif
/* eq, value, float32: x == y */
#ifdef AUTODIFF_POINTS
static double eq_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x == y) ? 1.0f : 0.0f);
}
#endif
/* ne, value, float64: x != y */
#ifdef AUTODIFF_POINTS
static double ne_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x != y) ? 1.0 : 0.0);
}
#endif
/* ne, value, float32: x != y */
#ifdef AUTODIFF_POINTS
static double ne_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x != y) ? 1.0f : 0.0f);
}
#endif
/* lt, value, float64: x < y */
#ifdef AUTODIFF_POINTS
static double lt_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x < y) ? 1.0 : 0.0);
}
#endif
/* lt, value, float32: x < y */
#ifdef AUTODIFF_POINTS
static double lt_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x < y) ? 1.0f : 0.0f);
}
#endif
/* le, value, float64: x <= y */
#ifdef AUTODIFF_POINTS
static double le_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x <= y) ? 1.0 : 0.0);
}
#endif
/* le, value, float32: x <= y */
#ifdef AUTODIFF_POINTS
static double le_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x <= y) ? 1.0f : 0.0f);
}
#endif
/* gt, value, float64: x > y */
#ifdef AUTODIFF_POINTS
static double gt_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x > y) ? 1.0 : 0.0);
}
#endif
/* gt, value, float32: x > y */
#ifdef AUTODIFF_POINTS
static double gt_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x > y) ? 1.0f : 0.0f);
}
#endif
/* ge, value, float64: x >= y */
#ifdef AUTODIFF_POINTS
static double ge_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((x >= y) ? 1.0 : 0.0);
}
#endif
/* ge, value, float32: x >= y */
#ifdef AUTODIFF_POINTS
static double ge_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((x >= y) ? 1.0f : 0.0f);
}
#endif
/* isnan, value, float64: x != x */
#ifdef AUTODIFF_POINTS
static double isnan_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x != x) ? 1.0 : 0.0);
}
#endif
/* isnan, value, float32: x != x */
#ifdef AUTODIFF_POINTS
static double isnan_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x != x) ? 1.0f : 0.0f);
}
#endif
/* isinf, value, float64: where(x == x, x - x, 0) != 0 */
#ifdef AUTODIFF_POINTS
static double isinf_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((((x == x) ? (x - x) : 0.0) != 0.0) ? 1.0 : 0.0);
}
#endif
/* isinf, value, float32: where(x == x, x - x, 0) != 0 */
#ifdef AUTODIFF_POINTS
static double isinf_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((((x == x) ? (x - x) : 0.0f) != 0.0f) ? 1.0f : 0.0f);
}
#endif
/* isfinite, value, float64: x - x == 0 */
#ifdef AUTODIFF_POINTS
static double isfinite_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)(((x - x) == 0.0) ? 1.0 : 0.0);
}
#endif
/* isfinite, value, float32: x - x == 0 */
#ifdef AUTODIFF_POINTS
static double isfinite_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)(((x - x) == 0.0f) ? 1.0f : 0.0f);
}
#endif
/* signbit, value, float64: copysign(1, x) < 0 */
#ifdef AUTODIFF_POINTS
static double signbit_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((copysign_float64(1.0, x) < 0.0) ? 1.0 : 0.0);
}
#endif
/* signbit, value, float32: copysign(1, x) < 0 */
#ifdef AUTODIFF_POINTS
static double signbit_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((copysign_float32(1.0f, x) < 0.0f) ? 1.0f : 0.0f);
}
#endif
/* logical_and, value, float64: where(x != 0, y, 0) != 0 */
#ifdef AUTODIFF_POINTS
static double logical_and_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((((x != 0.0) ? y : 0.0) != 0.0) ? 1.0 : 0.0);
}
#endif
/* logical_and, value, float32: where(x != 0, y, 0) != 0 */
#ifdef AUTODIFF_POINTS
static double logical_and_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((((x != 0.0f) ? y : 0.0f) != 0.0f) ? 1.0f : 0.0f);
}
#endif
/* logical_or, value, float64: where(x != 0, x, y) != 0 */
#ifdef AUTODIFF_POINTS
static double logical_or_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((((x != 0.0) ? x : y) != 0.0) ? 1.0 : 0.0);
}
#endif
/* logical_or, value, float32: where(x != 0, x, y) != 0 */
#ifdef AUTODIFF_POINTS
static double logical_or_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((((x != 0.0f) ? x : y) != 0.0f) ? 1.0f : 0.0f);
}
#endif
/* logical_xor, value, float64: where(x != 0, 1, 0) != where(y != 0, 1, 0) */
#ifdef AUTODIFF_POINTS
static double logical_xor_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    double y = (double)y_;
    return (double)((((x != 0.0) ? 1.0 : 0.0) != ((y != 0.0) ? 1.0 : 0.0)) ? 1.0 : 0.0);
}
#endif
/* logical_xor, value, float32: where(x != 0, 1, 0) != where(y != 0, 1, 0) */
#ifdef AUTODIFF_POINTS
static double logical_xor_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    float y = (float)y_;
    return (double)((((x != 0.0f) ? 1.0f : 0.0f) != ((y != 0.0f) ? 1.0f : 0.0f)) ? 1.0f : 0.0f);
}
#endif
/* logical_not, value, float64: x == 0 */
#ifdef AUTODIFF_POINTS
static double logical_not_value1_float64(double x_, double y_)
{
    double x = (double)x_;
    (void)y_;
    return (double)((x == 0.0) ? 1.0 : 0.0);
}
#endif
/* logical_not, value, float32: x == 0 */
#ifdef AUTODIFF_POINTS
static double logical_not_value1_float32(double x_, double y_)
{
    float x = (float)x_;
    (void)y_;
    return (double)((x == 0.0f) ? 1.0f : 0.0f);
}
#endif

/* ---- the tables, in the order of the rows */
static const Loops LEVEL(rows_float64)[] = {
    {
        NULL,
        add_dx_float64,
        add_dy_float64
    },
    {
        NULL,
        sub_dx_float64,
        sub_dy_float64
    },
    {
        NULL,
        mul_dx_float64,
        mul_dy_float64
    },
    {
        NULL,
        div_dx_float64,
        div_dy_float64
    },
    {
        NULL,
        pow_dx_float64,
        pow_dy_float64
    },
    {
        flat_value_float64,
        flat_dx_float64,
        NULL
    },
    {
        kink_value_float64,
        kink_dx_float64,
        NULL
    },
    {
        hole_value_float64,
        hole_dx_float64,
        NULL
    },
    {
        pow_slope_at_0_value_float64,
        pow_slope_at_0_dx_float64,
        pow_slope_at_0_dy_float64
    },
    {
        NULL,
        neg_dx_float64,
        NULL
    },
    {
        NULL,
        positive_dx_float64,
        NULL
    },
    {
        NULL,
        abs_dx_float64,
        NULL
    },
    {
        NULL,
        reciprocal_dx_float64,
        NULL
    },
    {
        NULL,
        pow_minus_one_dx_float64,
        NULL
    },
    {
        NULL,
        square_dx_float64,
        NULL
    },
    {
        NULL,
        sqrt_dx_float64,
        NULL
    },
    {
        NULL,
        pow_half_dx_float64,
        NULL
    },
    {
        NULL,
        exp_dx_float64,
        NULL
    },
    {
        NULL,
        log_dx_float64,
        NULL
    },
    {
        sin_value_float64,
        sin_dx_float64,
        NULL
    },
    {
        cos_value_float64,
        cos_dx_float64,
        NULL
    },
    {
        NULL,
        tanh_dx_float64,
        NULL
    },
    {
        sigmoid_value_float64,
        sigmoid_dx_float64,
        NULL
    },
    {
        relu_value_float64,
        relu_dx_float64,
        NULL
    },
    {
        NULL,
        tan_dx_float64,
        NULL
    },
    {
        NULL,
        exp2_dx_float64,
        NULL
    },
    {
        NULL,
        expm1_dx_float64,
        NULL
    },
    {
        NULL,
        log1p_dx_float64,
        NULL
    },
    {
        NULL,
        log2_dx_float64,
        NULL
    },
    {
        NULL,
        log10_dx_float64,
        NULL
    },
    {
        rsqrt_value_float64,
        rsqrt_dx_float64,
        NULL
    },
    {
        NULL,
        cbrt_dx_float64,
        NULL
    },
    {
        one_minus_square_value_float64,
        one_minus_square_dx_float64,
        NULL
    },
    {
        NULL,
        asin_dx_float64,
        NULL
    },
    {
        NULL,
        acos_dx_float64,
        NULL
    },
    {
        NULL,
        atan_dx_float64,
        NULL
    },
    {
        atan2_value_float64,
        atan2_dx_float64,
        atan2_dy_float64
    },
    {
        NULL,
        sinh_dx_float64,
        NULL
    },
    {
        NULL,
        cosh_dx_float64,
        NULL
    },
    {
        NULL,
        asinh_dx_float64,
        NULL
    },
    {
        NULL,
        acosh_dx_float64,
        NULL
    },
    {
        NULL,
        atanh_dx_float64,
        NULL
    },
    {
        sinc_value_float64,
        sinc_dx_float64,
        NULL
    },
    {
        difference_value_float64,
        difference_dx_float64,
        difference_dy_float64
    },
    {
        exp_shifted_value_float64,
        exp_shifted_dx_float64,
        exp_shifted_dy_float64
    },
    {
        deg2rad_value_float64,
        deg2rad_dx_float64,
        NULL
    },
    {
        rad2deg_value_float64,
        rad2deg_dx_float64,
        NULL
    },
    {
        cosine_of_value_float64,
        cosine_of_dx_float64,
        cosine_of_dy_float64
    },
    {
        hypot_value_float64,
        hypot_dx_float64,
        hypot_dy_float64
    },
    {
        log1p_exp_minus_value_float64,
        log1p_exp_minus_dx_float64,
        NULL
    },
    {
        logistic_value_float64,
        logistic_dx_float64,
        NULL
    },
    {
        logistic_slope_value_float64,
        logistic_slope_dx_float64,
        NULL
    },
    {
        logaddexp_value_float64,
        logaddexp_dx_float64,
        logaddexp_dy_float64
    },
    {
        logaddexp2_value_float64,
        logaddexp2_dx_float64,
        logaddexp2_dy_float64
    },
    {
        xlogy_value_float64,
        xlogy_dx_float64,
        xlogy_dy_float64
    },
    {
        log_odds_value_float64,
        log_odds_dx_float64,
        NULL
    },
    {
        erf_value_float64,
        erf_dx_float64,
        NULL
    },
    {
        erfc_value_float64,
        erfc_dx_float64,
        NULL
    },
    {
        normal_cdf_value_float64,
        normal_cdf_dx_float64,
        NULL
    },
    {
        erfinv_value_float64,
        erfinv_dx_float64,
        NULL
    },
    {
        lgamma_value_float64,
        lgamma_dx_float64,
        NULL
    },
    {
        digamma_value_float64,
        digamma_dx_float64,
        NULL
    },
    {
        trigamma_value_float64,
        trigamma_dx_float64,
        NULL
    },
    {
        polygamma_at_value_float64,
        polygamma_at_dx_float64,
        NULL
    },
    {
        sign_value_float64,
        sign_dx_float64,
        NULL
    },
    {
        sgn_value_float64,
        sgn_dx_float64,
        NULL
    },
    {
        NULL,
        floor_dx_float64,
        NULL
    },
    {
        NULL,
        ceil_dx_float64,
        NULL
    },
    {
        NULL,
        trunc_dx_float64,
        NULL
    },
    {
        frac_value_float64,
        frac_dx_float64,
        NULL
    },
    {
        NULL,
        rint_dx_float64,
        NULL
    },
    {
        fmod_value_float64,
        fmod_dx_float64,
        fmod_dy_float64
    },
    {
        remainder_value_float64,
        remainder_dx_float64,
        remainder_dy_float64
    },
    {
        floor_quotient_value_float64,
        floor_quotient_dx_float64,
        floor_quotient_dy_float64
    },
    {
        trunc_quotient_value_float64,
        trunc_quotient_dx_float64,
        trunc_quotient_dy_float64
    },
    {
        NULL,
        maximum_dx_float64,
        maximum_dy_float64
    },
    {
        NULL,
        minimum_dx_float64,
        minimum_dy_float64
    },
    {
        NULL,
        fmax_dx_float64,
        fmax_dy_float64
    },
    {
        NULL,
        fmin_dx_float64,
        fmin_dy_float64
    },
    {
        NULL,
        clamp_min_dx_float64,
        clamp_min_dy_float64
    },
    {
        NULL,
        clamp_max_dx_float64,
        clamp_max_dy_float64
    },
    {
        NULL,
        copysign_dx_float64,
        copysign_dy_float64
    },
    {
        log_logistic_value_float64,
        log_logistic_dx_float64,
        NULL
    },
    {
        relu6_value_float64,
        relu6_dx_float64,
        NULL
    },
    {
        hardswish_value_float64,
        hardswish_dx_float64,
        NULL
    },
    {
        hardsigmoid_value_float64,
        hardsigmoid_dx_float64,
        NULL
    },
    {
        softsign_value_float64,
        softsign_dx_float64,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
};
static const Loops LEVEL(rows_float32)[] = {
    {
        NULL,
        add_dx_float32,
        add_dy_float32
    },
    {
        NULL,
        sub_dx_float32,
        sub_dy_float32
    },
    {
        NULL,
        mul_dx_float32,
        mul_dy_float32
    },
    {
        NULL,
        div_dx_float32,
        div_dy_float32
    },
    {
        NULL,
        pow_dx_float32,
        pow_dy_float32
    },
    {
        flat_value_float32,
        flat_dx_float32,
        NULL
    },
    {
        kink_value_float32,
        kink_dx_float32,
        NULL
    },
    {
        hole_value_float32,
        hole_dx_float32,
        NULL
    },
    {
        pow_slope_at_0_value_float32,
        pow_slope_at_0_dx_float32,
        pow_slope_at_0_dy_float32
    },
    {
        NULL,
        neg_dx_float32,
        NULL
    },
    {
        NULL,
        positive_dx_float32,
        NULL
    },
    {
        NULL,
        abs_dx_float32,
        NULL
    },
    {
        NULL,
        reciprocal_dx_float32,
        NULL
    },
    {
        NULL,
        pow_minus_one_dx_float32,
        NULL
    },
    {
        NULL,
        square_dx_float32,
        NULL
    },
    {
        NULL,
        sqrt_dx_float32,
        NULL
    },
    {
        NULL,
        pow_half_dx_float32,
        NULL
    },
    {
        NULL,
        exp_dx_float32,
        NULL
    },
    {
        NULL,
        log_dx_float32,
        NULL
    },
    {
        NULL,
        sin_dx_float32,
        NULL
    },
    {
        NULL,
        cos_dx_float32,
        NULL
    },
    {
        NULL,
        tanh_dx_float32,
        NULL
    },
    {
        sigmoid_value_float32,
        sigmoid_dx_float32,
        NULL
    },
    {
        relu_value_float32,
        relu_dx_float32,
        NULL
    },
    {
        NULL,
        tan_dx_float32,
        NULL
    },
    {
        NULL,
        exp2_dx_float32,
        NULL
    },
    {
        NULL,
        expm1_dx_float32,
        NULL
    },
    {
        NULL,
        log1p_dx_float32,
        NULL
    },
    {
        NULL,
        log2_dx_float32,
        NULL
    },
    {
        NULL,
        log10_dx_float32,
        NULL
    },
    {
        rsqrt_value_float32,
        rsqrt_dx_float32,
        NULL
    },
    {
        NULL,
        cbrt_dx_float32,
        NULL
    },
    {
        one_minus_square_value_float32,
        one_minus_square_dx_float32,
        NULL
    },
    {
        NULL,
        asin_dx_float32,
        NULL
    },
    {
        NULL,
        acos_dx_float32,
        NULL
    },
    {
        NULL,
        atan_dx_float32,
        NULL
    },
    {
        atan2_value_float32,
        atan2_dx_float32,
        atan2_dy_float32
    },
    {
        NULL,
        sinh_dx_float32,
        NULL
    },
    {
        NULL,
        cosh_dx_float32,
        NULL
    },
    {
        NULL,
        asinh_dx_float32,
        NULL
    },
    {
        NULL,
        acosh_dx_float32,
        NULL
    },
    {
        NULL,
        atanh_dx_float32,
        NULL
    },
    {
        sinc_value_float32,
        sinc_dx_float32,
        NULL
    },
    {
        difference_value_float32,
        difference_dx_float32,
        difference_dy_float32
    },
    {
        exp_shifted_value_float32,
        exp_shifted_dx_float32,
        exp_shifted_dy_float32
    },
    {
        deg2rad_value_float32,
        deg2rad_dx_float32,
        NULL
    },
    {
        rad2deg_value_float32,
        rad2deg_dx_float32,
        NULL
    },
    {
        cosine_of_value_float32,
        cosine_of_dx_float32,
        cosine_of_dy_float32
    },
    {
        hypot_value_float32,
        hypot_dx_float32,
        hypot_dy_float32
    },
    {
        log1p_exp_minus_value_float32,
        log1p_exp_minus_dx_float32,
        NULL
    },
    {
        logistic_value_float32,
        logistic_dx_float32,
        NULL
    },
    {
        logistic_slope_value_float32,
        logistic_slope_dx_float32,
        NULL
    },
    {
        logaddexp_value_float32,
        logaddexp_dx_float32,
        logaddexp_dy_float32
    },
    {
        logaddexp2_value_float32,
        logaddexp2_dx_float32,
        logaddexp2_dy_float32
    },
    {
        xlogy_value_float32,
        xlogy_dx_float32,
        xlogy_dy_float32
    },
    {
        log_odds_value_float32,
        log_odds_dx_float32,
        NULL
    },
    {
        erf_value_float32,
        erf_dx_float32,
        NULL
    },
    {
        erfc_value_float32,
        erfc_dx_float32,
        NULL
    },
    {
        normal_cdf_value_float32,
        normal_cdf_dx_float32,
        NULL
    },
    {
        erfinv_value_float32,
        erfinv_dx_float32,
        NULL
    },
    {
        lgamma_value_float32,
        lgamma_dx_float32,
        NULL
    },
    {
        digamma_value_float32,
        digamma_dx_float32,
        NULL
    },
    {
        trigamma_value_float32,
        trigamma_dx_float32,
        NULL
    },
    {
        polygamma_at_value_float32,
        polygamma_at_dx_float32,
        NULL
    },
    {
        sign_value_float32,
        sign_dx_float32,
        NULL
    },
    {
        sgn_value_float32,
        sgn_dx_float32,
        NULL
    },
    {
        NULL,
        floor_dx_float32,
        NULL
    },
    {
        NULL,
        ceil_dx_float32,
        NULL
    },
    {
        NULL,
        trunc_dx_float32,
        NULL
    },
    {
        frac_value_float32,
        frac_dx_float32,
        NULL
    },
    {
        NULL,
        rint_dx_float32,
        NULL
    },
    {
        fmod_value_float32,
        fmod_dx_float32,
        fmod_dy_float32
    },
    {
        remainder_value_float32,
        remainder_dx_float32,
        remainder_dy_float32
    },
    {
        floor_quotient_value_float32,
        floor_quotient_dx_float32,
        floor_quotient_dy_float32
    },
    {
        trunc_quotient_value_float32,
        trunc_quotient_dx_float32,
        trunc_quotient_dy_float32
    },
    {
        NULL,
        maximum_dx_float32,
        maximum_dy_float32
    },
    {
        NULL,
        minimum_dx_float32,
        minimum_dy_float32
    },
    {
        NULL,
        fmax_dx_float32,
        fmax_dy_float32
    },
    {
        NULL,
        fmin_dx_float32,
        fmin_dy_float32
    },
    {
        NULL,
        clamp_min_dx_float32,
        clamp_min_dy_float32
    },
    {
        NULL,
        clamp_max_dx_float32,
        clamp_max_dy_float32
    },
    {
        NULL,
        copysign_dx_float32,
        copysign_dy_float32
    },
    {
        log_logistic_value_float32,
        log_logistic_dx_float32,
        NULL
    },
    {
        relu6_value_float32,
        relu6_dx_float32,
        NULL
    },
    {
        hardswish_value_float32,
        hardswish_dx_float32,
        NULL
    },
    {
        hardsigmoid_value_float32,
        hardsigmoid_dx_float32,
        NULL
    },
    {
        softsign_value_float32,
        softsign_dx_float32,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
    {
        NULL,
        NULL,
        NULL
    },
};
const Loops *const LEVEL(loops)[2] = { LEVEL(rows_float64), LEVEL(rows_float32) };

#ifdef AUTODIFF_POINTS
static const Points points_float64[] = {
    {
        add_value1_float64,
        add_dx1_float64,
        add_dy1_float64
    },
    {
        sub_value1_float64,
        sub_dx1_float64,
        sub_dy1_float64
    },
    {
        mul_value1_float64,
        mul_dx1_float64,
        mul_dy1_float64
    },
    {
        div_value1_float64,
        div_dx1_float64,
        div_dy1_float64
    },
    {
        pow_value1_float64,
        pow_dx1_float64,
        pow_dy1_float64
    },
    {
        flat_value1_float64,
        flat_dx1_float64,
        NULL
    },
    {
        kink_value1_float64,
        kink_dx1_float64,
        NULL
    },
    {
        hole_value1_float64,
        hole_dx1_float64,
        NULL
    },
    {
        pow_slope_at_0_value1_float64,
        pow_slope_at_0_dx1_float64,
        pow_slope_at_0_dy1_float64
    },
    {
        neg_value1_float64,
        neg_dx1_float64,
        NULL
    },
    {
        positive_value1_float64,
        positive_dx1_float64,
        NULL
    },
    {
        abs_value1_float64,
        abs_dx1_float64,
        NULL
    },
    {
        reciprocal_value1_float64,
        reciprocal_dx1_float64,
        NULL
    },
    {
        pow_minus_one_value1_float64,
        pow_minus_one_dx1_float64,
        NULL
    },
    {
        square_value1_float64,
        square_dx1_float64,
        NULL
    },
    {
        sqrt_value1_float64,
        sqrt_dx1_float64,
        NULL
    },
    {
        pow_half_value1_float64,
        pow_half_dx1_float64,
        NULL
    },
    {
        exp_value1_float64,
        exp_dx1_float64,
        NULL
    },
    {
        log_value1_float64,
        log_dx1_float64,
        NULL
    },
    {
        sin_value1_float64,
        sin_dx1_float64,
        NULL
    },
    {
        cos_value1_float64,
        cos_dx1_float64,
        NULL
    },
    {
        tanh_value1_float64,
        tanh_dx1_float64,
        NULL
    },
    {
        sigmoid_value1_float64,
        sigmoid_dx1_float64,
        NULL
    },
    {
        relu_value1_float64,
        relu_dx1_float64,
        NULL
    },
    {
        tan_value1_float64,
        tan_dx1_float64,
        NULL
    },
    {
        exp2_value1_float64,
        exp2_dx1_float64,
        NULL
    },
    {
        expm1_value1_float64,
        expm1_dx1_float64,
        NULL
    },
    {
        log1p_value1_float64,
        log1p_dx1_float64,
        NULL
    },
    {
        log2_value1_float64,
        log2_dx1_float64,
        NULL
    },
    {
        log10_value1_float64,
        log10_dx1_float64,
        NULL
    },
    {
        rsqrt_value1_float64,
        rsqrt_dx1_float64,
        NULL
    },
    {
        cbrt_value1_float64,
        cbrt_dx1_float64,
        NULL
    },
    {
        one_minus_square_value1_float64,
        one_minus_square_dx1_float64,
        NULL
    },
    {
        asin_value1_float64,
        asin_dx1_float64,
        NULL
    },
    {
        acos_value1_float64,
        acos_dx1_float64,
        NULL
    },
    {
        atan_value1_float64,
        atan_dx1_float64,
        NULL
    },
    {
        atan2_value1_float64,
        atan2_dx1_float64,
        atan2_dy1_float64
    },
    {
        sinh_value1_float64,
        sinh_dx1_float64,
        NULL
    },
    {
        cosh_value1_float64,
        cosh_dx1_float64,
        NULL
    },
    {
        asinh_value1_float64,
        asinh_dx1_float64,
        NULL
    },
    {
        acosh_value1_float64,
        acosh_dx1_float64,
        NULL
    },
    {
        atanh_value1_float64,
        atanh_dx1_float64,
        NULL
    },
    {
        sinc_value1_float64,
        sinc_dx1_float64,
        NULL
    },
    {
        difference_value1_float64,
        difference_dx1_float64,
        difference_dy1_float64
    },
    {
        exp_shifted_value1_float64,
        exp_shifted_dx1_float64,
        exp_shifted_dy1_float64
    },
    {
        deg2rad_value1_float64,
        deg2rad_dx1_float64,
        NULL
    },
    {
        rad2deg_value1_float64,
        rad2deg_dx1_float64,
        NULL
    },
    {
        cosine_of_value1_float64,
        cosine_of_dx1_float64,
        cosine_of_dy1_float64
    },
    {
        hypot_value1_float64,
        hypot_dx1_float64,
        hypot_dy1_float64
    },
    {
        log1p_exp_minus_value1_float64,
        log1p_exp_minus_dx1_float64,
        NULL
    },
    {
        logistic_value1_float64,
        logistic_dx1_float64,
        NULL
    },
    {
        logistic_slope_value1_float64,
        logistic_slope_dx1_float64,
        NULL
    },
    {
        logaddexp_value1_float64,
        logaddexp_dx1_float64,
        logaddexp_dy1_float64
    },
    {
        logaddexp2_value1_float64,
        logaddexp2_dx1_float64,
        logaddexp2_dy1_float64
    },
    {
        xlogy_value1_float64,
        xlogy_dx1_float64,
        xlogy_dy1_float64
    },
    {
        log_odds_value1_float64,
        log_odds_dx1_float64,
        NULL
    },
    {
        erf_value1_float64,
        erf_dx1_float64,
        NULL
    },
    {
        erfc_value1_float64,
        erfc_dx1_float64,
        NULL
    },
    {
        normal_cdf_value1_float64,
        normal_cdf_dx1_float64,
        NULL
    },
    {
        erfinv_value1_float64,
        erfinv_dx1_float64,
        NULL
    },
    {
        lgamma_value1_float64,
        lgamma_dx1_float64,
        NULL
    },
    {
        digamma_value1_float64,
        digamma_dx1_float64,
        NULL
    },
    {
        trigamma_value1_float64,
        trigamma_dx1_float64,
        NULL
    },
    {
        polygamma_at_value1_float64,
        polygamma_at_dx1_float64,
        NULL
    },
    {
        sign_value1_float64,
        sign_dx1_float64,
        NULL
    },
    {
        sgn_value1_float64,
        sgn_dx1_float64,
        NULL
    },
    {
        floor_value1_float64,
        floor_dx1_float64,
        NULL
    },
    {
        ceil_value1_float64,
        ceil_dx1_float64,
        NULL
    },
    {
        trunc_value1_float64,
        trunc_dx1_float64,
        NULL
    },
    {
        frac_value1_float64,
        frac_dx1_float64,
        NULL
    },
    {
        rint_value1_float64,
        rint_dx1_float64,
        NULL
    },
    {
        fmod_value1_float64,
        fmod_dx1_float64,
        fmod_dy1_float64
    },
    {
        remainder_value1_float64,
        remainder_dx1_float64,
        remainder_dy1_float64
    },
    {
        floor_quotient_value1_float64,
        floor_quotient_dx1_float64,
        floor_quotient_dy1_float64
    },
    {
        trunc_quotient_value1_float64,
        trunc_quotient_dx1_float64,
        trunc_quotient_dy1_float64
    },
    {
        maximum_value1_float64,
        maximum_dx1_float64,
        maximum_dy1_float64
    },
    {
        minimum_value1_float64,
        minimum_dx1_float64,
        minimum_dy1_float64
    },
    {
        fmax_value1_float64,
        fmax_dx1_float64,
        fmax_dy1_float64
    },
    {
        fmin_value1_float64,
        fmin_dx1_float64,
        fmin_dy1_float64
    },
    {
        clamp_min_value1_float64,
        clamp_min_dx1_float64,
        clamp_min_dy1_float64
    },
    {
        clamp_max_value1_float64,
        clamp_max_dx1_float64,
        clamp_max_dy1_float64
    },
    {
        copysign_value1_float64,
        copysign_dx1_float64,
        copysign_dy1_float64
    },
    {
        log_logistic_value1_float64,
        log_logistic_dx1_float64,
        NULL
    },
    {
        relu6_value1_float64,
        relu6_dx1_float64,
        NULL
    },
    {
        hardswish_value1_float64,
        hardswish_dx1_float64,
        NULL
    },
    {
        hardsigmoid_value1_float64,
        hardsigmoid_dx1_float64,
        NULL
    },
    {
        softsign_value1_float64,
        softsign_dx1_float64,
        NULL
    },
    {
        eq_value1_float64,
        NULL,
        NULL
    },
    {
        ne_value1_float64,
        NULL,
        NULL
    },
    {
        lt_value1_float64,
        NULL,
        NULL
    },
    {
        le_value1_float64,
        NULL,
        NULL
    },
    {
        gt_value1_float64,
        NULL,
        NULL
    },
    {
        ge_value1_float64,
        NULL,
        NULL
    },
    {
        isnan_value1_float64,
        NULL,
        NULL
    },
    {
        isinf_value1_float64,
        NULL,
        NULL
    },
    {
        isfinite_value1_float64,
        NULL,
        NULL
    },
    {
        signbit_value1_float64,
        NULL,
        NULL
    },
    {
        logical_and_value1_float64,
        NULL,
        NULL
    },
    {
        logical_or_value1_float64,
        NULL,
        NULL
    },
    {
        logical_xor_value1_float64,
        NULL,
        NULL
    },
    {
        logical_not_value1_float64,
        NULL,
        NULL
    },
};
static const Points points_float32[] = {
    {
        add_value1_float32,
        add_dx1_float32,
        add_dy1_float32
    },
    {
        sub_value1_float32,
        sub_dx1_float32,
        sub_dy1_float32
    },
    {
        mul_value1_float32,
        mul_dx1_float32,
        mul_dy1_float32
    },
    {
        div_value1_float32,
        div_dx1_float32,
        div_dy1_float32
    },
    {
        pow_value1_float32,
        pow_dx1_float32,
        pow_dy1_float32
    },
    {
        flat_value1_float32,
        flat_dx1_float32,
        NULL
    },
    {
        kink_value1_float32,
        kink_dx1_float32,
        NULL
    },
    {
        hole_value1_float32,
        hole_dx1_float32,
        NULL
    },
    {
        pow_slope_at_0_value1_float32,
        pow_slope_at_0_dx1_float32,
        pow_slope_at_0_dy1_float32
    },
    {
        neg_value1_float32,
        neg_dx1_float32,
        NULL
    },
    {
        positive_value1_float32,
        positive_dx1_float32,
        NULL
    },
    {
        abs_value1_float32,
        abs_dx1_float32,
        NULL
    },
    {
        reciprocal_value1_float32,
        reciprocal_dx1_float32,
        NULL
    },
    {
        pow_minus_one_value1_float32,
        pow_minus_one_dx1_float32,
        NULL
    },
    {
        square_value1_float32,
        square_dx1_float32,
        NULL
    },
    {
        sqrt_value1_float32,
        sqrt_dx1_float32,
        NULL
    },
    {
        pow_half_value1_float32,
        pow_half_dx1_float32,
        NULL
    },
    {
        exp_value1_float32,
        exp_dx1_float32,
        NULL
    },
    {
        log_value1_float32,
        log_dx1_float32,
        NULL
    },
    {
        sin_value1_float32,
        sin_dx1_float32,
        NULL
    },
    {
        cos_value1_float32,
        cos_dx1_float32,
        NULL
    },
    {
        tanh_value1_float32,
        tanh_dx1_float32,
        NULL
    },
    {
        sigmoid_value1_float32,
        sigmoid_dx1_float32,
        NULL
    },
    {
        relu_value1_float32,
        relu_dx1_float32,
        NULL
    },
    {
        tan_value1_float32,
        tan_dx1_float32,
        NULL
    },
    {
        exp2_value1_float32,
        exp2_dx1_float32,
        NULL
    },
    {
        expm1_value1_float32,
        expm1_dx1_float32,
        NULL
    },
    {
        log1p_value1_float32,
        log1p_dx1_float32,
        NULL
    },
    {
        log2_value1_float32,
        log2_dx1_float32,
        NULL
    },
    {
        log10_value1_float32,
        log10_dx1_float32,
        NULL
    },
    {
        rsqrt_value1_float32,
        rsqrt_dx1_float32,
        NULL
    },
    {
        cbrt_value1_float32,
        cbrt_dx1_float32,
        NULL
    },
    {
        one_minus_square_value1_float32,
        one_minus_square_dx1_float32,
        NULL
    },
    {
        asin_value1_float32,
        asin_dx1_float32,
        NULL
    },
    {
        acos_value1_float32,
        acos_dx1_float32,
        NULL
    },
    {
        atan_value1_float32,
        atan_dx1_float32,
        NULL
    },
    {
        atan2_value1_float32,
        atan2_dx1_float32,
        atan2_dy1_float32
    },
    {
        sinh_value1_float32,
        sinh_dx1_float32,
        NULL
    },
    {
        cosh_value1_float32,
        cosh_dx1_float32,
        NULL
    },
    {
        asinh_value1_float32,
        asinh_dx1_float32,
        NULL
    },
    {
        acosh_value1_float32,
        acosh_dx1_float32,
        NULL
    },
    {
        atanh_value1_float32,
        atanh_dx1_float32,
        NULL
    },
    {
        sinc_value1_float32,
        sinc_dx1_float32,
        NULL
    },
    {
        difference_value1_float32,
        difference_dx1_float32,
        difference_dy1_float32
    },
    {
        exp_shifted_value1_float32,
        exp_shifted_dx1_float32,
        exp_shifted_dy1_float32
    },
    {
        deg2rad_value1_float32,
        deg2rad_dx1_float32,
        NULL
    },
    {
        rad2deg_value1_float32,
        rad2deg_dx1_float32,
        NULL
    },
    {
        cosine_of_value1_float32,
        cosine_of_dx1_float32,
        cosine_of_dy1_float32
    },
    {
        hypot_value1_float32,
        hypot_dx1_float32,
        hypot_dy1_float32
    },
    {
        log1p_exp_minus_value1_float32,
        log1p_exp_minus_dx1_float32,
        NULL
    },
    {
        logistic_value1_float32,
        logistic_dx1_float32,
        NULL
    },
    {
        logistic_slope_value1_float32,
        logistic_slope_dx1_float32,
        NULL
    },
    {
        logaddexp_value1_float32,
        logaddexp_dx1_float32,
        logaddexp_dy1_float32
    },
    {
        logaddexp2_value1_float32,
        logaddexp2_dx1_float32,
        logaddexp2_dy1_float32
    },
    {
        xlogy_value1_float32,
        xlogy_dx1_float32,
        xlogy_dy1_float32
    },
    {
        log_odds_value1_float32,
        log_odds_dx1_float32,
        NULL
    },
    {
        erf_value1_float32,
        erf_dx1_float32,
        NULL
    },
    {
        erfc_value1_float32,
        erfc_dx1_float32,
        NULL
    },
    {
        normal_cdf_value1_float32,
        normal_cdf_dx1_float32,
        NULL
    },
    {
        erfinv_value1_float32,
        erfinv_dx1_float32,
        NULL
    },
    {
        lgamma_value1_float32,
        lgamma_dx1_float32,
        NULL
    },
    {
        digamma_value1_float32,
        digamma_dx1_float32,
        NULL
    },
    {
        trigamma_value1_float32,
        trigamma_dx1_float32,
        NULL
    },
    {
        polygamma_at_value1_float32,
        polygamma_at_dx1_float32,
        NULL
    },
    {
        sign_value1_float32,
        sign_dx1_float32,
        NULL
    },
    {
        sgn_value1_float32,
        sgn_dx1_float32,
        NULL
    },
    {
        floor_value1_float32,
        floor_dx1_float32,
        NULL
    },
    {
        ceil_value1_float32,
        ceil_dx1_float32,
        NULL
    },
    {
        trunc_value1_float32,
        trunc_dx1_float32,
        NULL
    },
    {
        frac_value1_float32,
        frac_dx1_float32,
        NULL
    },
    {
        rint_value1_float32,
        rint_dx1_float32,
        NULL
    },
    {
        fmod_value1_float32,
        fmod_dx1_float32,
        fmod_dy1_float32
    },
    {
        remainder_value1_float32,
        remainder_dx1_float32,
        remainder_dy1_float32
    },
    {
        floor_quotient_value1_float32,
        floor_quotient_dx1_float32,
        floor_quotient_dy1_float32
    },
    {
        trunc_quotient_value1_float32,
        trunc_quotient_dx1_float32,
        trunc_quotient_dy1_float32
    },
    {
        maximum_value1_float32,
        maximum_dx1_float32,
        maximum_dy1_float32
    },
    {
        minimum_value1_float32,
        minimum_dx1_float32,
        minimum_dy1_float32
    },
    {
        fmax_value1_float32,
        fmax_dx1_float32,
        fmax_dy1_float32
    },
    {
        fmin_value1_float32,
        fmin_dx1_float32,
        fmin_dy1_float32
    },
    {
        clamp_min_value1_float32,
        clamp_min_dx1_float32,
        clamp_min_dy1_float32
    },
    {
        clamp_max_value1_float32,
        clamp_max_dx1_float32,
        clamp_max_dy1_float32
    },
    {
        copysign_value1_float32,
        copysign_dx1_float32,
        copysign_dy1_float32
    },
    {
        log_logistic_value1_float32,
        log_logistic_dx1_float32,
        NULL
    },
    {
        relu6_value1_float32,
        relu6_dx1_float32,
        NULL
    },
    {
        hardswish_value1_float32,
        hardswish_dx1_float32,
        NULL
    },
    {
        hardsigmoid_value1_float32,
        hardsigmoid_dx1_float32,
        NULL
    },
    {
        softsign_value1_float32,
        softsign_dx1_float32,
        NULL
    },
    {
        eq_value1_float32,
        NULL,
        NULL
    },
    {
        ne_value1_float32,
        NULL,
        NULL
    },
    {
        lt_value1_float32,
        NULL,
        NULL
    },
    {
        le_value1_float32,
        NULL,
        NULL
    },
    {
        gt_value1_float32,
        NULL,
        NULL
    },
    {
        ge_value1_float32,
        NULL,
        NULL
    },
    {
        isnan_value1_float32,
        NULL,
        NULL
    },
    {
        isinf_value1_float32,
        NULL,
        NULL
    },
    {
        isfinite_value1_float32,
        NULL,
        NULL
    },
    {
        signbit_value1_float32,
        NULL,
        NULL
    },
    {
        logical_and_value1_float32,
        NULL,
        NULL
    },
    {
        logical_or_value1_float32,
        NULL,
        NULL
    },
    {
        logical_xor_value1_float32,
        NULL,
        NULL
    },
    {
        logical_not_value1_float32,
        NULL,
        NULL
    },
};
const Points *const points[2] = { points_float64, points_float32 };

Captured captured[2][AUTODIFF_SLOTS];

const Slot slots[] = {
    {"add", 2, 0 },
    {"exp", 1, 0 },
    {"maximum", 2, 0 },
    {"subtract", 2, 0 },
    {"absolute", 1, 0 },
    {"arccos", 1, 0 },
    {"arccosh", 1, 0 },
    {"arcsin", 1, 0 },
    {"arcsinh", 1, 0 },
    {"arctan", 1, 0 },
    {"arctanh", 1, 0 },
    {"cbrt", 1, 0 },
    {"ceil", 1, 0 },
    {"copysign", 2, 0 },
    {"cos", 1, 0 },
    {"cosh", 1, 0 },
    {"equal", 2, 1 },
    {"exp2", 1, 0 },
    {"expm1", 1, 0 },
    {"floor", 1, 0 },
    {"fmax", 2, 0 },
    {"fmin", 2, 0 },
    {"greater", 2, 1 },
    {"greater_equal", 2, 1 },
    {"isfinite", 1, 1 },
    {"isinf", 1, 1 },
    {"isnan", 1, 1 },
    {"less", 2, 1 },
    {"less_equal", 2, 1 },
    {"log", 1, 0 },
    {"log10", 1, 0 },
    {"log1p", 1, 0 },
    {"log2", 1, 0 },
    {"logical_and", 2, 1 },
    {"logical_not", 1, 1 },
    {"logical_or", 2, 1 },
    {"logical_xor", 2, 1 },
    {"minimum", 2, 0 },
    {"multiply", 2, 0 },
    {"negative", 1, 0 },
    {"not_equal", 2, 1 },
    {"positive", 1, 0 },
    {"power", 2, 0 },
    {"reciprocal", 1, 0 },
    {"rint", 1, 0 },
    {"signbit", 1, 1 },
    {"sin", 1, 0 },
    {"sinh", 1, 0 },
    {"sqrt", 1, 0 },
    {"square", 1, 0 },
    {"tan", 1, 0 },
    {"tanh", 1, 0 },
    {"true_divide", 2, 0 },
    {"trunc", 1, 0 },
};
const int slot_count = SLOTS;

/* Name, number, operands, what dx and dy save, whether they are g, and the slots by dtype. */
const Row rows[] = {
    {"add", 1, 2, { 0, 0 },
     { 1, 1 }, { SLOT_add, SLOT_add } },
    {"sub", 2, 2, { 0, 0 },
     { 1, 0 }, { SLOT_subtract, SLOT_subtract } },
    {"mul", 3, 2, { 2, 1 },
     { 0, 0 }, { SLOT_multiply, SLOT_multiply } },
    {"div", 4, 2, { 2, 3 },
     { 0, 0 }, { SLOT_true_divide, SLOT_true_divide } },
    {"pow", 5, 2, { 3, 7 },
     { 0, 0 }, { SLOT_power, SLOT_power } },
    {"flat", 6, 1, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"kink", 7, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"hole", 43, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"pow_slope_at_0", 44, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"neg", 8, 1, { 0, 0 },
     { 0, 0 }, { SLOT_negative, SLOT_negative } },
    {"positive", 9, 1, { 0, 0 },
     { 1, 0 }, { SLOT_positive, SLOT_positive } },
    {"abs", 10, 1, { 1, 0 },
     { 0, 0 }, { SLOT_absolute, SLOT_absolute } },
    {"reciprocal", 45, 1, { 4, 0 },
     { 0, 0 }, { SLOT_reciprocal, SLOT_reciprocal } },
    {"pow_minus_one", 46, 1, { 1, 0 },
     { 0, 0 }, { SLOT_reciprocal, SLOT_reciprocal } },
    {"square", 11, 1, { 1, 0 },
     { 0, 0 }, { SLOT_square, SLOT_square } },
    {"sqrt", 12, 1, { 4, 0 },
     { 0, 0 }, { SLOT_sqrt, SLOT_sqrt } },
    {"pow_half", 47, 1, { 1, 0 },
     { 0, 0 }, { SLOT_sqrt, SLOT_sqrt } },
    {"exp", 13, 1, { 4, 0 },
     { 0, 0 }, { SLOT_exp, SLOT_exp } },
    {"log", 14, 1, { 1, 0 },
     { 0, 0 }, { SLOT_log, SLOT_log } },
    {"sin", 48, 1, { 1, 0 },
     { 0, 0 }, { -1, SLOT_sin } },
    {"cos", 49, 1, { 1, 0 },
     { 0, 0 }, { -1, SLOT_cos } },
    {"tanh", 50, 1, { 4, 0 },
     { 0, 0 }, { SLOT_tanh, SLOT_tanh } },
    {"sigmoid", 51, 1, { 4, 0 },
     { 0, 0 }, { -1, -1 } },
    {"relu", 52, 1, { 4, 0 },
     { 0, 0 }, { -1, -1 } },
    {"tan", 53, 1, { 4, 0 },
     { 0, 0 }, { SLOT_tan, SLOT_tan } },
    {"exp2", 54, 1, { 1, 0 },
     { 0, 0 }, { SLOT_exp2, SLOT_exp2 } },
    {"expm1", 55, 1, { 4, 0 },
     { 0, 0 }, { SLOT_expm1, SLOT_expm1 } },
    {"log1p", 56, 1, { 1, 0 },
     { 0, 0 }, { SLOT_log1p, SLOT_log1p } },
    {"log2", 57, 1, { 1, 0 },
     { 0, 0 }, { SLOT_log2, SLOT_log2 } },
    {"log10", 58, 1, { 1, 0 },
     { 0, 0 }, { SLOT_log10, SLOT_log10 } },
    {"rsqrt", 59, 1, { 4, 0 },
     { 0, 0 }, { -1, -1 } },
    {"cbrt", 60, 1, { 4, 0 },
     { 0, 0 }, { SLOT_cbrt, SLOT_cbrt } },
    {"one_minus_square", 61, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"asin", 62, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arcsin, SLOT_arcsin } },
    {"acos", 63, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arccos, SLOT_arccos } },
    {"atan", 64, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arctan, SLOT_arctan } },
    {"atan2", 65, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"sinh", 66, 1, { 1, 0 },
     { 0, 0 }, { SLOT_sinh, SLOT_sinh } },
    {"cosh", 67, 1, { 1, 0 },
     { 0, 0 }, { SLOT_cosh, SLOT_cosh } },
    {"asinh", 68, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arcsinh, SLOT_arcsinh } },
    {"acosh", 69, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arccosh, SLOT_arccosh } },
    {"atanh", 70, 1, { 1, 0 },
     { 0, 0 }, { SLOT_arctanh, SLOT_arctanh } },
    {"sinc", 71, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"difference", 72, 2, { 0, 0 },
     { 1, 0 }, { -1, -1 } },
    {"exp_shifted", 15, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"deg2rad", 73, 1, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"rad2deg", 74, 1, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"cosine_of", 75, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"hypot", 76, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"log1p_exp_minus", 77, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"logistic", 78, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"logistic_slope", 79, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"logaddexp", 80, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"logaddexp2", 81, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"xlogy", 82, 2, { 3, 3 },
     { 0, 0 }, { -1, -1 } },
    {"log_odds", 83, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"erf", 84, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"erfc", 85, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"normal_cdf", 86, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"erfinv", 87, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"lgamma", 88, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"digamma", 89, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"trigamma", 90, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"polygamma_at", 91, 2, { 3, 0 },
     { 0, 0 }, { -1, -1 } },
    {"sign", 92, 1, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"sgn", 93, 1, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"floor", 94, 1, { 0, 0 },
     { 0, 0 }, { SLOT_floor, SLOT_floor } },
    {"ceil", 95, 1, { 0, 0 },
     { 0, 0 }, { SLOT_ceil, SLOT_ceil } },
    {"trunc", 96, 1, { 0, 0 },
     { 0, 0 }, { SLOT_trunc, SLOT_trunc } },
    {"frac", 97, 1, { 0, 0 },
     { 1, 0 }, { -1, -1 } },
    {"rint", 98, 1, { 0, 0 },
     { 0, 0 }, { SLOT_rint, SLOT_rint } },
    {"fmod", 16, 2, { 0, 3 },
     { 1, 0 }, { -1, -1 } },
    {"remainder", 17, 2, { 0, 3 },
     { 1, 0 }, { -1, -1 } },
    {"floor_quotient", 18, 2, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"trunc_quotient", 19, 2, { 0, 0 },
     { 0, 0 }, { -1, -1 } },
    {"maximum", 99, 2, { 3, 3 },
     { 0, 0 }, { SLOT_maximum, SLOT_maximum } },
    {"minimum", 100, 2, { 3, 3 },
     { 0, 0 }, { SLOT_minimum, SLOT_minimum } },
    {"fmax", 101, 2, { 3, 3 },
     { 0, 0 }, { SLOT_fmax, SLOT_fmax } },
    {"fmin", 102, 2, { 3, 3 },
     { 0, 0 }, { SLOT_fmin, SLOT_fmin } },
    {"clamp_min", 103, 2, { 3, 3 },
     { 0, 0 }, { SLOT_maximum, SLOT_maximum } },
    {"clamp_max", 104, 2, { 3, 3 },
     { 0, 0 }, { SLOT_minimum, SLOT_minimum } },
    {"copysign", 105, 2, { 5, 0 },
     { 0, 0 }, { SLOT_copysign, SLOT_copysign } },
    {"log_logistic", 106, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"relu6", 107, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"hardswish", 108, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"hardsigmoid", 109, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"softsign", 110, 1, { 1, 0 },
     { 0, 0 }, { -1, -1 } },
    {"eq", 20, 2, { 0, 0 },
     { 0, 0 }, { SLOT_equal, SLOT_equal } },
    {"ne", 21, 2, { 0, 0 },
     { 0, 0 }, { SLOT_not_equal, SLOT_not_equal } },
    {"lt", 22, 2, { 0, 0 },
     { 0, 0 }, { SLOT_less, SLOT_less } },
    {"le", 23, 2, { 0, 0 },
     { 0, 0 }, { SLOT_less_equal, SLOT_less_equal } },
    {"gt", 24, 2, { 0, 0 },
     { 0, 0 }, { SLOT_greater, SLOT_greater } },
    {"ge", 25, 2, { 0, 0 },
     { 0, 0 }, { SLOT_greater_equal, SLOT_greater_equal } },
    {"isnan", 111, 1, { 0, 0 },
     { 0, 0 }, { SLOT_isnan, SLOT_isnan } },
    {"isinf", 112, 1, { 0, 0 },
     { 0, 0 }, { SLOT_isinf, SLOT_isinf } },
    {"isfinite", 113, 1, { 0, 0 },
     { 0, 0 }, { SLOT_isfinite, SLOT_isfinite } },
    {"signbit", 114, 1, { 0, 0 },
     { 0, 0 }, { SLOT_signbit, SLOT_signbit } },
    {"logical_and", 115, 2, { 0, 0 },
     { 0, 0 }, { SLOT_logical_and, SLOT_logical_and } },
    {"logical_or", 116, 2, { 0, 0 },
     { 0, 0 }, { SLOT_logical_or, SLOT_logical_or } },
    {"logical_xor", 117, 2, { 0, 0 },
     { 0, 0 }, { SLOT_logical_xor, SLOT_logical_xor } },
    {"logical_not", 118, 1, { 0, 0 },
     { 0, 0 }, { SLOT_logical_not, SLOT_logical_not } },
};
const int row_count = 101;
#endif
