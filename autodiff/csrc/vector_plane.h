/* hypot and atan2 of a point of the plane, in loops that the compiler vectorises.

   hypot is within 0.86 ulp, atan2 within 0.62 ulp; in float32 both are computed in doubles and rounded.
   Neither overflows or vanishes where its result does not.

   EACH(count) is the including file's. */
#ifndef AUTODIFF_VECTOR_PLANE_H
#define AUTODIFF_VECTOR_PLANE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Results are collected apart, for out may be x, and the repair of rare elements reads x again. */
#define PLANE_CHUNK 256

/* The leading 26 bits of a double, so that the square of it is exact, as are products of it with the 27 bits left. */
INLINED double plane_high(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0xfffffffff8000000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The sum of the squares is rounded once only, the squares being the exact ones of the leading halves and what is left,
   2^-26 of it, which need not be exact; then the root halves the error.  Scaled by a power of 2 so that the larger
   square neither overflows nor loses its last place; an infinity wins against a nan, as in C. */
INLINED double hypot_float64(double x, double y)
{
    const double a = fabs(x), b = fabs(y);
    const double larger = a < b ? b : a, smaller = a < b ? a : b;
    const double up = larger < 0x1p-400 ? 0x1p600 : 1.0, scale = larger > 0x1p500 ? 0x1p-600 : up;
    const double down = larger < 0x1p-400 ? 0x1p-600 : 1.0, back = larger > 0x1p500 ? 0x1p600 : down;
    const double p = larger * scale, q = smaller * scale;
    const double p_high = plane_high(p), q_high = plane_high(q);
    const double p_square = p_high * p_high, q_square = q_high * q_high;
    const double sum = p_square + q_square;
    const double rest = (q_square - (sum - p_square)) + ((p - p_high) * (p + p_high) + (q - q_high) * (q + q_high));
    const double root = sqrt(sum + rest) * back;
    const double left = a == INFINITY ? a : root;
    return b == INFINITY ? b : left;
}

static void hypot_block_float64(const double *x, const double *y, double *out, Py_ssize_t count)
{
    EACH(count) out[i] = hypot_float64(x[i], y[i]);
}

/* Squares of floats are exact as doubles, and in range. */
INLINED float hypot_float32(float x, float y)
{
    const double a = x, b = y;
    const float root = (float)sqrt(a * a + b * b);
    const float left = fabsf(x) == INFINITY ? INFINITY : root;
    return fabsf(y) == INFINITY ? INFINITY : left;
}

static void hypot_block_float32(const float *x, const float *y, float *out, Py_ssize_t count)
{
    EACH(count) out[i] = hypot_float32(x[i], y[i]);
}

/* atan2.  The smaller of |x| and |y| over the larger is the tangent of an angle in the first octant; less the angle of
   tangent 0, 1/2 or 1, whichever is near, its tangent is t = n / d, at most 1/4 in size, with n exact and d known to
   twice the precision.  t is known to twice the precision too, so that only the power series after its first term, 2%
   of the angle, and the last sum are rounded.

   Coefficients by Remez' algorithm: (atan(t) - t) / t^3 as a polynomial in z = t^2 on [0, 1/16], the error weighted by
   z + 0.002; of degree 8, with an error of 9e-20, and of degree 4, 3e-12. */
#define PLANE_PI 3.141592653589793
#define PLANE_PI_LOW 1.2246467991473532e-16

/* Not 0 outside of 2^-300 to 2^300, where products would leave the range of doubles; a zero is ordinary, nan is not.
   The bits of a double, for SSE2 cannot compare whole numbers of 64 bits. */
INLINED int64_t plane_rare_float64(double y, double x)
{
    const double a = fabs(x), b = fabs(y);
    const double larger = a < b ? b : a, smaller = a < b ? a : b;
    const double zero = smaller == 0 ? 1.0 : 0.0, minute = smaller >= 0x1p-300 ? 0.0 : 1.0;
    const double large = larger < 0x1p300 ? 0.0 : 1.0, rare = large + minute * (1 - zero);
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

INLINED double plane_angle_float64(double y, double x)
{
    const double a = fabs(x), b = fabs(y), side = copysign(1.0, x);
    const double larger = a < b ? b : a, smaller = a < b ? a : b, whole = larger + (smaller == 0 ? 1.0 : 0.0);
    /* 1 or 0, and products with them: where a condition selects several values, GCC would make a branch of it */
    const double steep = a < b ? 1.0 : 0.0, above_half = smaller > 0.25 * whole ? 1.0 : 0.0;
    const double one = smaller > 0.7 * whole ? 1.0 : 0.0, half = above_half - one;
    /* near 0, 1/2 or 1: the subtraction from it is exact within a factor of 2 */
    const double point = 0.5 * half + one;
    const double angle = half * 0.4636476090008061 + one * (PLANE_PI / 4);
    const double angle_low = half * 2.2698777452961687e-17 + one * (PLANE_PI_LOW / 4);
    const double n = smaller - point * whole, add = point * smaller, d = whole + add, d_low = add - (d - whole);
    const double inverse = 1 / d, t = n * inverse;
    const double t_high = plane_high(t), t_low = t - t_high, d_high = plane_high(d), d_rest = d - d_high;
    const double product = t * d;
    const double product_low = ((t_high * d_high - product) + t_high * d_rest + t_low * d_high) + t_low * d_rest;
    const double correction = (((n - product) - product_low) - t * d_low) * inverse;
    const double z = t * t, w = z * z;
    const double even = (((-0.04025584426934819 * w + -0.06656406088279199) * w + -0.09090898464486992) * w
                         + -0.14285714284441506) * w + -0.3333333333333333;
    const double odd = ((0.05732229024553936 * w + 0.0769188490468102) * w + 0.11111110953225314) * w
                       + 0.19999999999995408;
    const double beyond = correction + t * z * (even + z * odd);
    /* The octant's angle is start + sign * (angle + t + beyond); every sum below is of a larger and a smaller term. */
    const double quarters = steep + (1 - steep) * (1 - side);
    const double start = quarters * (PLANE_PI / 2), start_low = quarters * (PLANE_PI_LOW / 2);
    const double sign = side - 2 * steep * side;
    const double base = start + sign * angle, base_low = sign * angle - (base - start);
    const double sum = base + sign * t, sum_low = sign * t - (sum - base);
    const double low = (base_low + (start_low + sign * angle_low)) + (sum_low + sign * beyond);
    return copysign(sum + low, y);
}

static double atan2_float64(double y, double x)
{
    return plane_rare_float64(y, x) ? atan2(y, x) : plane_angle_float64(y, x);
}

INLINED int64_t plane_rare_float32(float y, float x)
{
    const double a = fabs((double)x), b = fabs((double)y);
    const double minute = a < INFINITY ? 0.0 : 1.0, rare = b < INFINITY ? minute : 1.0;
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

/* As above, in doubles without their low parts. */
INLINED float plane_angle_float32(float y, float x)
{
    const double a = fabs((double)x), b = fabs((double)y), side = copysign(1.0, (double)x);
    const double larger = a < b ? b : a, smaller = a < b ? a : b, whole = larger + (smaller == 0 ? 1.0 : 0.0);
    const double steep = a < b ? 1.0 : 0.0, above_half = smaller > 0.25 * whole ? 1.0 : 0.0;
    const double one = smaller > 0.7 * whole ? 1.0 : 0.0, half = above_half - one, point = 0.5 * half + one;
    const double angle = half * 0.4636476090008061 + one * (PLANE_PI / 4);
    const double t = (smaller - point * whole) / (whole + point * smaller), z = t * t;
    const double p = (((-0.07834078784103884 * z + 0.11030436841289451) * z + -0.14283360968330536) * z
                      + 0.1999997073181415) * z + -0.33333333223102013;
    const double start = (steep + (1 - steep) * (1 - side)) * (PLANE_PI / 2), sign = side - 2 * steep * side;
    return copysignf((float)(start + sign * (angle + (t + t * z * p))), y);
}

static float atan2_float32(float y, float x)
{
    return plane_rare_float32(y, x) ? (float)atan2((double)y, (double)x) : plane_angle_float32(y, x);
}

#define PLANE_BLOCK(dtype, real) \
    static void atan2_block_##dtype(const real *y, const real *x, real *out, Py_ssize_t count) \
    { \
        real result[PLANE_CHUNK]; \
        while (count > 0) { \
            const Py_ssize_t part = count < PLANE_CHUNK ? count : PLANE_CHUNK; \
            int64_t rare = 0; \
            EACH(part) \
            { \
                rare |= plane_rare_##dtype(y[i], x[i]); \
                result[i] = plane_angle_##dtype(y[i], x[i]); \
            } \
            if (rare) { \
                for (Py_ssize_t i = 0; i < part; i++) \
                    if (plane_rare_##dtype(y[i], x[i])) result[i] = atan2_##dtype(y[i], x[i]); \
            } \
            memcpy(out, result, (size_t)part * sizeof(real)); \
            y += part; \
            x += part; \
            out += part; \
            count -= part; \
        } \
    }
PLANE_BLOCK(float64, double)
PLANE_BLOCK(float32, float)

#endif
