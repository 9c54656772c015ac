/* fmod, remainder and floor_quotient (NumPy's floor_divide): NumPy's bits, in loops that the compiler vectorises.

   The C library's fmod divides bit by bit.  Here the quotient is one division, rounded to a whole number n, and
   |x| - n |y| is exact: n |y| is the sum of partial products that are exact themselves, and the difference is a whole
   multiple of the last place of the smaller operand and no larger than |y| / 2.  Where it is negative one more |y|
   makes it the remainder.  A quotient above 2^50, 0 / 0, an infinity or an operand above 2^1022 goes to the C library.

   EACH(count) is the including file's. */
#ifndef AUTODIFF_VECTOR_DIVISION_H
#define AUTODIFF_VECTOR_DIVISION_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Adding and subtracting it rounds a double below 2^51 to a whole number, halves to even. */
#define DIVISION_ROUND 6755399441055744.0
/* Results are collected apart, for out may be x, and the repair of rare elements reads x again. */
#define DIVISION_CHUNK 256

/* The leading 26 bits of a double: 53 = 26 + 27, and no overflow as in a split by multiplication. */
INLINED double division_high(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0xfffffffff8000000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Not 0 where the loops below do not hold for the operands, nan included.  The bits of a double, not the outcome of a
   comparison: SSE2, which cannot compare whole numbers of 64 bits, has no other way to keep it in vectors. */
INLINED int64_t division_rare_float64(double x, double y)
{
    const double a = fabs(x), b = fabs(y);
    const double ordinary = a / b < 1125899906842624.0 ? 0.0 : 1.0;
    const double rare = a + b < 4.49423283715579e+307 ? ordinary : 1.0;
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

/* The remainder of |x| by |y|, at least 0. */
INLINED double division_core_float64(double x, double y)
{
    const double a = fabs(x), b = fabs(y);
    const double n = (a / b + DIVISION_ROUND) - DIVISION_ROUND;
    const double b_high = division_high(b), b_low = b - b_high, n_high = division_high(n), n_low = n - n_high;
    const double product = n * b;
    const double low = ((n_high * b_high - product) + n_high * b_low + n_low * b_high) + n_low * b_low;
    const double r = (a - product) - low;
    return r < 0 ? r + b : r;
}

INLINED double division_fmod_float64(double x, double y) { return copysign(division_core_float64(x, y), x); }

/* From C's fmod, as NumPy does it: 0 takes the sign of y. */
INLINED double division_modulo_float64(double r, double y)
{
    const double other = (r < 0) != (y < 0) ? r + y : r;
    return r == 0 ? copysign(0.0, y) : other;
}

/* Likewise.  The quotient of x less its remainder is whole but for rounding: to the nearest, halves down. */
INLINED double division_quotient_float64(double x, double r, double y)
{
    const double exact = (x - r) / y;
    const double below = (r != 0) & ((r < 0) != (y < 0)) ? exact - 1 : exact;
    const double nearest = (below + DIVISION_ROUND) - DIVISION_ROUND;
    const double floored = nearest > below ? nearest - 1 : nearest;
    const double whole = below - floored > 0.5 ? floored + 1 : floored;
    return below == 0 ? copysign(0.0, x / y) : whole;
}

static double fmod_float64(double x, double y)
{
    return division_rare_float64(x, y) ? fmod(x, y) : division_fmod_float64(x, y);
}

static double remainder_float64(double x, double y)
{
    const double r = fmod_float64(x, y);
    return y == 0 ? r : division_modulo_float64(r, y);
}

static double floor_quotient_float64(double x, double y)
{
    double r, quotient, whole;
    if (!division_rare_float64(x, y)) return division_quotient_float64(x, division_fmod_float64(x, y), y);
    if (y == 0) return x / y;
    r = fmod(x, y);
    quotient = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return copysign(0.0, x / y);
    whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
}

/* Floats as doubles: below 2^29 the product of the whole quotient, 29 bits, and the divisor, 24, is exact. */
INLINED int64_t division_rare_float32(float x, float y)
{
    const double a = fabs((double)x), b = fabs((double)y);
    const double ordinary = a / b < 268435456.0 ? 0.0 : 1.0;
    const double rare = b < INFINITY ? ordinary : 1.0;
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

INLINED float division_fmod_float32(float x, float y)
{
    const double a = fabs((double)x), b = fabs((double)y);
    const double n = (a / b + DIVISION_ROUND) - DIVISION_ROUND;
    const double r = a - n * b;
    return copysignf((float)(r < 0 ? r + b : r), x);
}

INLINED float division_modulo_float32(float r, float y)
{
    const float other = (r < 0) != (y < 0) ? r + y : r;
    return r == 0 ? copysignf(0.0f, y) : other;
}

/* Below 2^29, where a float is a whole number from 2^23 on: to round, the constant of doubles would do nothing. */
INLINED float division_quotient_float32(float x, float r, float y)
{
    const float exact = (x - r) / y;
    const float below = (r != 0) & ((r < 0) != (y < 0)) ? exact - 1 : exact;
    const float nearest = (float)(((double)below + DIVISION_ROUND) - DIVISION_ROUND);
    const float floored = nearest > below ? nearest - 1 : nearest;
    const float whole = below - floored > 0.5f ? floored + 1 : floored;
    return below == 0 ? copysignf(0.0f, x / y) : whole;
}

static float fmod_float32(float x, float y)
{
    return division_rare_float32(x, y) ? fmodf(x, y) : division_fmod_float32(x, y);
}

static float remainder_float32(float x, float y)
{
    const float r = fmod_float32(x, y);
    return y == 0 ? r : division_modulo_float32(r, y);
}

static float floor_quotient_float32(float x, float y)
{
    float r, quotient, whole;
    if (!division_rare_float32(x, y)) return division_quotient_float32(x, division_fmod_float32(x, y), y);
    if (y == 0) return x / y;
    r = fmodf(x, y);
    quotient = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return copysignf(0.0f, x / y);
    whole = floorf(quotient);
    return quotient - whole > 0.5f ? whole + 1 : whole;
}

/* The block functions: the loop, then the rare elements one by one. */
#define DIVISION_BLOCK(name, dtype, real, expression) \
    static void name##_block_##dtype(const real *x, const real *y, real *out, Py_ssize_t count) \
    { \
        real result[DIVISION_CHUNK]; \
        while (count > 0) { \
            const Py_ssize_t part = count < DIVISION_CHUNK ? count : DIVISION_CHUNK; \
            int64_t rare = 0; \
            EACH(part) \
            { \
                const real r = division_fmod_##dtype(x[i], y[i]); \
                rare |= division_rare_##dtype(x[i], y[i]); \
                result[i] = expression; \
            } \
            if (rare) { \
                for (Py_ssize_t i = 0; i < part; i++) \
                    if (division_rare_##dtype(x[i], y[i])) result[i] = name##_##dtype(x[i], y[i]); \
            } \
            memcpy(out, result, (size_t)part * sizeof(real)); \
            x += part; \
            y += part; \
            out += part; \
            count -= part; \
        } \
    }
DIVISION_BLOCK(fmod, float64, double, r)
DIVISION_BLOCK(remainder, float64, double, division_modulo_float64(r, y[i]))
DIVISION_BLOCK(floor_quotient, float64, double, division_quotient_float64(x[i], r, y[i]))
DIVISION_BLOCK(fmod, float32, float, r)
DIVISION_BLOCK(remainder, float32, float, division_modulo_float32(r, y[i]))
DIVISION_BLOCK(floor_quotient, float32, float, division_quotient_float32(x[i], r, y[i]))

#endif
