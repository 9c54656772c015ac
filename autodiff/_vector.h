/* Elementary functions as loops that the compiler turns into vector instructions.

   NAME_float64 takes one element, NAME_block_float64 a row of them; both run the same operations in the same order, each
   rounded by itself (no contraction, no reassociation), so that a scalar, an array, any width of vectors and any
   processor give the same bits.  What decides between formulas is a selection of bits, never a branch.

   Polynomials are minimax on the interval stated (Remez' exchange in 50 digits, coefficients then rounded to double);
   "error" is the largest, relative to the function computed, before rounding.  tests/test_accuracy.py measures what
   each function promises.

   The file that includes this one defines EACH(count), a loop over i, and Py_ssize_t. */
#ifndef AUTODIFF_VECTOR_H
#define AUTODIFF_VECTOR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- bits */

static inline uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define SIGN_BIT UINT64_C(0x8000000000000000)
#define NAN_BITS UINT64_C(0x7ff8000000000000)

/* All ones where the top bit is set.  64-bit integers have no comparison and no arithmetic shift in SSE2, but this. */
static inline uint64_t spread(uint64_t bits) { return (uint64_t)0 - (bits >> 63); }

/* x where the mask is ones, y where it is zeros. */
static inline double select_bits(uint64_t mask, double x, double y)
{
    return of_bits((bits_of(x) & mask) | (bits_of(y) & ~mask));
}

/* The upper half of a product's factor: 26 bits, so that the product of two of them is exact. */
static inline double upper_half(double x) { return of_bits(bits_of(x) & UINT64_C(0xfffffffff8000000)); }

/* Adding it rounds to an integer (to even at ties), which the low bits of the sum hold. */
#define ROUNDER 6755399441055744.0

/* A polynomial of degree 3, in the order with the shortest chain of operations. */
static inline double cubic(double c0, double c1, double c2, double c3, double x, double x2)
{
    return (c0 + x * c1) + x2 * (c2 + x * c3);
}

#define AUTODIFF_VECTOR_FLOAT64(name)                                                                                  \
    static void name##_block_float64(const double *x, double *out, Py_ssize_t count)                                   \
    {                                                                                                                  \
        EACH(count) out[i] = name##_float64(x[i]);                                                                     \
    }

/* float32: computed in double and rounded. */
#define AUTODIFF_VECTOR_FLOAT32(name)                                                                                  \
    static inline float name##_float32(float x) { return (float)name##_float64((double)x); }                           \
    static void name##_block_float32(const float *x, float *out, Py_ssize_t count)                                     \
    {                                                                                                                  \
        EACH(count) out[i] = name##_float32(x[i]);                                                                     \
    }

/* Elements evaluated at a time: the input is kept until the rare ones among them are repaired. */
#define VECTOR_BLOCK 512

/* NAME from NAME_common, which sets the top bit of `rare` where another method is needed, NAME_rare.  Which elements are
   rare is asked a second time, only if there are some: a store for each would be felt by all. */
#define AUTODIFF_WITH_RARE(name)                                                                                       \
    static inline double name##_float64(double x)                                                                      \
    {                                                                                                                  \
        uint64_t rare = 0;                                                                                             \
        const double value = name##_common(x, &rare);                                                                  \
        return rare >> 63 ? name##_rare(x) : value;                                                                    \
    }                                                                                                                  \
    static void name##_block_float64(const double *x, double *out, Py_ssize_t count)                                   \
    {                                                                                                                  \
        double kept[VECTOR_BLOCK];                                                                                     \
        uint64_t marks[VECTOR_BLOCK];                                                                                  \
        while (count > 0) {                                                                                            \
            const Py_ssize_t part = count < VECTOR_BLOCK ? count : VECTOR_BLOCK;                                       \
            const double *const source = x == out ? (const double *)memcpy(kept, x, part * sizeof(double)) : x;        \
            uint64_t any = 0;                                                                                          \
            EACH(part) {                                                                                               \
                uint64_t rare = 0;                                                                                     \
                out[i] = name##_common(source[i], &rare);                                                              \
                any |= rare;                                                                                           \
            }                                                                                                          \
            if (any >> 63) {                                                                                           \
                EACH(part) name##_common(source[i], &marks[i]);                                                        \
                for (Py_ssize_t i = 0; i < part; i++) {                                                                \
                    if (marks[i] >> 63) out[i] = name##_rare(source[i]);                                               \
                }                                                                                                      \
            }                                                                                                          \
            x += part;                                                                                                 \
            out += part;                                                                                               \
            count -= part;                                                                                             \
        }                                                                                                              \
    }

/* ---- sin, cos: at most 1 ulp (0.52 measured) */

/* The sine of high - low or, in an odd quadrant, the cosine, negated in quadrants 2 and 3; |high| <= pi/4, |low| < 2^-48.
   In z = high^2 on [0, (pi/4)^2]: (x - sin x) / x^3 of degree 5, error 2^-57.9 of the sine; (cos x - 1 + z/2) / z^2 of
   degree 5, error 2^-63.9 of the cosine. */
static inline double sine_of_reduced(double high, double low, uint64_t quadrant)
{
    const double z = high * high, z2 = z * z, z4 = z2 * z2;
    const double s = ((0.1666666666666663 - z * 0.008333333333322106)
        + z2 * (0.00019841269829579887 - z * 2.7557313617930857e-06))
        + z4 * (2.505074720622774e-08 - z * 1.5896197019237804e-10);
    const double c = ((0.041666666666666595 - z * 0.001388888888887304)
        + z2 * (2.480158728884145e-05 - z * 2.755731417625554e-07))
        + z4 * (2.0875700418155666e-09 - z * 1.1358514055362725e-11);
    const double half = 0.5 * z, near = 1 - half, bend = (high * z) * s, rise = z2 * c;
    /* low times the derivative; the sum in this order because 0 + -0 is 0, and the sine of -0 is -0 - 0 */
    const double sine = high - (low * (near + rise) + bend);
    /* 1 - half is rounded; what it lost is given back */
    const double cosine = near + (((1 - near) - half) + (rise + low * (high - bend)));
    const double value = select_bits((uint64_t)0 - (quadrant & 1), cosine, sine);
    return of_bits(bits_of(value) ^ ((quadrant & 2) << 62));
}

/* From 2^20 on n has more than 20 bits, and n * PI_2_A may not be exact. */
#define REDUCED_BELOW UINT64_C(0x4130000000000000)
/* pi/2 = A + B + C: 33, 33 and 53 bits; error 2^-122.9. */
#define PI_2_A 1.5707963267341256
#define PI_2_B 6.077100506303966e-11
#define PI_2_C 2.0222662487959506e-21

/* The sine of x a number of quadrants further, x reduced by Cody and Waite's method.  The first subtraction is exact, the
   second with what it lost; n * PI_2_C leaves an error of |x| 2^-118, which counts where the remainder is below |x| 2^-60:
   rare, as is |x| >= 2^20. */
static inline double sine_shifted(double x, uint64_t quadrants, uint64_t *rare)
{
    const double shifted = x * 0.6366197723675814 + ROUNDER, n = shifted - ROUNDER;
    const double a = x - n * PI_2_A, nb = n * PI_2_B, high = a - nb, low = n * PI_2_C - ((a - high) - nb);
    const uint64_t magnitude = bits_of(x) & ~SIGN_BIT;
    *rare = (REDUCED_BELOW - 1 - magnitude) | ((bits_of(high) & ~SIGN_BIT) + (UINT64_C(60) << 52) - magnitude);
    return sine_of_reduced(high, low, bits_of(shifted) + quadrants);
}

/* The method of Payne and Hanek for any finite x: x = m 2^e, and of the bits of 2/pi only those are multiplied by m that
   decide x 2/pi modulo 4 and 190 bits behind the point. */
static double sine_far(double x, uint64_t quadrants)
{
    /* 2/pi, 32 bits each */
    static const uint32_t two_over_pi[40] = {
        0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0,
        0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4,
        0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
        0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d};
    const uint64_t bits = bits_of(x), mantissa = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x10000000000000);
    const int exponent = (int)(bits >> 52 & 0x7ff) - 1075;
    /* the words before the first one give multiples of 8 */
    const int first = exponent < 35 ? 0 : (exponent - 3) / 32;
    /* bits behind the point of the product of m and eight words: 222 to 308 */
    const int point = 256 + 32 * first - exponent;
    uint32_t product[11] = {0};
    uint64_t carry, quadrant, flip;
    double fraction = 0, rest = 0, unit = 1, high, low, high_a, high_b;
    int i;
    if (!(fabs(x) < INFINITY)) return x - x;
    for (i = 0, carry = 0; i < 8; i++) {
        carry += (mantissa & 0xffffffff) * two_over_pi[first + 7 - i];
        product[i] = (uint32_t)carry;
        carry >>= 32;
    }
    product[8] = (uint32_t)carry;
    for (i = 0, carry = 0; i < 8; i++) {
        carry += (mantissa >> 32) * two_over_pi[first + 7 - i] + product[i + 1];
        product[i + 1] = (uint32_t)carry;
        carry >>= 32;
    }
    product[9] = (uint32_t)carry;
#define WORD_AT(low_bit) \
    ((((uint64_t)product[(low_bit) / 32 + 1] << 32 | product[(low_bit) / 32]) >> ((low_bit) % 32)) & 0xffffffff)
    quadrant = WORD_AT(point) & 3;
    /* from a half on: the next quadrant less the complement */
    flip = (WORD_AT(point - 32) >> 31) * 0xffffffff;
    quadrant += flip & 1;
    for (i = 1; i <= 6; i++) {
        const double part = (double)(WORD_AT(point - 32 * i) ^ flip) * (unit *= 2.3283064365386963e-10);
        const double sum = fraction + part;
        rest += part - (sum - fraction);
        fraction = sum;
    }
#undef WORD_AT
    /* times pi/2, the product of the high parts exactly (Dekker): 1.5707963267948966 is 1.5707963109016418 + the rest */
    high = fraction * 1.5707963267948966;
    high_a = upper_half(fraction);
    high_b = fraction - high_a;
    low = ((high_a * 1.5707963109016418 - high) + high_b * 1.5707963109016418) + high_a * 1.5893254712295857e-08;
    low += high_b * 1.5893254712295857e-08 + (fraction * 6.123233995736766e-17 + rest * 1.5707963267948966);
    fraction = high + low;
    rest = (fraction - high) - low;
    if (flip) {
        fraction = -fraction;
        rest = -rest;
    }
    /* sin(-x) = -sin x: as if x 2/pi had been negative */
    if (bits >> 63) {
        quadrant = (uint64_t)0 - quadrant;
        fraction = -fraction;
        rest = -rest;
    }
    return sine_of_reduced(fraction, rest, quadrant + quadrants);
}

static inline double sin_common(double x, uint64_t *rare) { return sine_shifted(x, 0, rare); }
static inline double sin_rare(double x) { return sine_far(x, 0); }
AUTODIFF_WITH_RARE(sin)

static inline double cos_common(double x, uint64_t *rare) { return sine_shifted(x, 1, rare); }
static inline double cos_rare(double x) { return sine_far(x, 1); }
AUTODIFF_WITH_RARE(cos)

/* ---- exp and what is made of it */

#define ONE_OVER_LN2 1.4426950408889634
/* ln 2 = A + B, A of 42 bits: its product with the exponent of a double is exact. */
#define LN2_A 0.6931471805598903
#define LN2_B 5.497923018708371e-14
/* ln 2 = LN2 + LN2_LOW */
#define LN2 0.6931471805599453
#define LN2_LOW 2.3190468138462996e-17

/* exp(x - below) = (high + low) 2^n, where the low bits of the result are n; high is in [0.7, 1.42], low at most half an
   ulp of it, and the error of their sum 2^-57.  |x| <= 1000, below at most 1.  In r on [-ln2/2, ln2/2]:
   (exp r - 1 - r) / r^2 of degree 9, error 2^-57.9. */
static inline uint64_t exp_parts(double x, double below, double *high, double *low)
{
    const double shifted = x * ONE_OVER_LN2 + ROUNDER, n = shifted - ROUNDER;
    const double a = x - n * LN2_A, b = n * LN2_B + below, r = a - b, lost = (a - r) - b;
    const double r2 = r * r, r4 = r2 * r2;
    const double q = cubic(0.5000000000000011, 0.16666666666666413, 0.041666666666530246, 0.008333333333494564, r, r2)
        + r4 * (cubic(0.0013888888943609243, 0.00019841269506692388, 2.4801493120406703e-05, 2.755758605671037e-06, r, r2)
        + r4 * (2.763024047137799e-07 + r * 2.5000209988632056e-08));
    const double bend = r2 * q + lost, p = r + bend;
    *high = 1 + p;
    *low = ((1 - *high) + p) + ((r - p) + bend);
    return bits_of(shifted);
}

/* Two powers of two whose product is 2^n: by steps, 1.4 * 2^-1075 and 0.7 * 2^1024 are what they should be. */
static inline double half_power(uint64_t n) { return of_bits(((n >> 1) + 1023) << 52); }
static inline double other_half_power(uint64_t n) { return of_bits((n - (n >> 1) + 1023) << 52); }

/* Where the order of comparison lets nan through. */
static inline double at_most(double x, double bound) { return bound < x ? bound : x; }
static inline double at_least(double x, double bound) { return bound > x ? bound : x; }

/* At most 1 ulp (0.7 measured). */
static inline double own_exp_float64(double x)
{
    double high, low;
    const uint64_t n = exp_parts(at_least(at_most(x, 710), -746), -0.0, &high, &low);
    return high * half_power(n) * other_half_power(n);
}
AUTODIFF_VECTOR_FLOAT64(own_exp)

/* 1 / (1 + exp(-x)), at most 1 ulp: e = exp(-|x|) is at most 1; 1 / (1 + e) and e / (1 + e) each have a first
   quotient of 26 bits, whose remainder is exact. */
static inline double sigmoid_float64(double x)
{
    double high, low;
    const uint64_t negative = spread(bits_of(x));
    const uint64_t n = exp_parts(0 - at_most(fabs(x), 746), -0.0, &high, &low);
    const double power = half_power(n) * other_half_power(n), e = high * power;
    const double divisor = 1 + e, reciprocal = 1 / divisor;
    const double a = upper_half(divisor), b = ((1 - a) + e) + low * power;
    const double dividend = select_bits(negative, high, 1), rest = of_bits(bits_of(low) & negative);
    const double first = upper_half(dividend * reciprocal);
    const double remainder = ((dividend - first * a) - first * b) + rest;
    return (first + remainder * reciprocal) * select_bits(negative, power, 1);
}
AUTODIFF_VECTOR_FLOAT64(sigmoid)
AUTODIFF_VECTOR_FLOAT32(sigmoid)

/* f - log(1 + f) for f in [-0.3, 0.5], with s = f / (2 + f): log(1 + f) is 2 atanh(s), and 2 s is f - s f.
   In z = s^2 on [0, 0.04]: (2 atanh(s) / s - 2) / z of degree 7, error 2^-60 of the sum. */
static inline double log1p_bend(double f, double s)
{
    const double half = 0.5 * f * f, z = s * s, z2 = z * z, z4 = z2 * z2;
    const double r = cubic(0.666666666666666, 0.4000000000005594, 0.2857142855600732, 0.2222222427618291, z, z2)
        + z4 * cubic(0.1818166708985155, 0.1539107238001123, 0.13174262723713936, 0.13838560669956343, z, z2);
    return half - s * (half + z * r);
}

/* log1p(exp(-t)), t >= 0, as high + low, error 2^-56.  e = exp(-t); from a half on, log1p(e) is ln 2 + log1p((e - 1) / 2). */
static inline double log1p_exp_minus_parts(double t, double *low)
{
    double high, e_low;
    const uint64_t n = exp_parts(0 - at_most(t, 746), -0.0, &high, &e_low);
    const double power = half_power(n) * other_half_power(n), e = high * power;
    const uint64_t large = spread(bits_of(0.5) - bits_of(e));
    const double f = select_bits(large, 0.5 * (e - 1), e), f_low = e_low * power * select_bits(large, 0.5, 1);
    const double s = f / (2 + f);
    const double ln2 = of_bits(bits_of(LN2) & large), ln2_low = of_bits(bits_of(LN2_LOW) & large);
    const double sum = ln2 + f;
    /* 1 / (1 + f) is (1 - s) / (1 + s) */
    const double rest = ((ln2 - sum) + f) + (ln2_low + f_low * (1 - 2 * s * (1 - s))) - log1p_bend(f, s);
    const double value = sum + rest;
    *low = (sum - value) + rest;
    return value;
}

/* log1p(exp(-t)) for t >= 0, at most 1 ulp. */
static inline double log1p_exp_minus_float64(double t)
{
    double low;
    return log1p_exp_minus_parts(t, &low);
}
AUTODIFF_VECTOR_FLOAT64(log1p_exp_minus)
AUTODIFF_VECTOR_FLOAT32(log1p_exp_minus)

/* log1p(exp(x)) = max(x, 0) + log1p(exp(-|x|)), at most 1 ulp: their sum with what it loses (Knuth), which does not count
   from 64 on, and at infinity is nan. */
static inline double softplus_float64(double x)
{
    double low;
    const double large = x > 0 ? x : 0, small = log1p_exp_minus_parts(fabs(x), &low);
    const double sum = large + small, part = sum - large;
    const double lost = ((large - (sum - part)) + (small - part)) + low;
    return sum + of_bits(bits_of(lost) & spread(bits_of(large) - bits_of(64.0)));
}
AUTODIFF_VECTOR_FLOAT64(softplus)
AUTODIFF_VECTOR_FLOAT32(softplus)

/* ---- log: at most 1 ulp */

static inline double own_log_common(double x, uint64_t *rare)
{
    const uint64_t bits = bits_of(x), tiny = spread(bits - UINT64_C(0x10000000000000));
    /* so that the quotient by the power of two is in [sqrt(1/2), sqrt(2)) */
    const uint64_t moved = bits_of(x * select_bits(tiny, 18014398509481984.0, 1)) + UINT64_C(0x95f619980c433);
    const double k = of_bits((moved >> 52) | UINT64_C(0x4330000000000000)) - select_bits(tiny, 4503599627371573.0,
                                                                                          4503599627371519.0);
    const double f = of_bits((moved & UINT64_C(0xfffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd)) - 1;
    const double whole = k * LN2_A, sum = whole + f;
    *rare = bits | (bits - 1) | (UINT64_C(0x7fefffffffffffff) - bits);
    return sum + (((whole - sum) + f) + k * LN2_B - log1p_bend(f, f / (2 + f)));
}

/* Of zero, negative numbers, infinity and nan. */
static inline double own_log_rare(double x) { return x == 0 ? -INFINITY : x < 0 ? NAN : x + x; }
AUTODIFF_WITH_RARE(own_log)

/* ---- erf, erfc */

/* At most 1 ulp (0.95 measured).  Below 0.875, x + x p: in v = x^2 - 0.375 on [-0.375, 0.390625], erf(x) / x - 1 of
   degree 11, error 2^-61.4; around 0.375 the rounding errors of its terms count least.  From there 1 - 2^(y - 2): in
   u = x - 0.875 on [0, 5.125], log2(erfc x) + 2 of degree 18, error 2^-58.1 of erf; it is small where erfc is not.  From
   5.93 on erf rounds to 1. */
static inline double erf_float64(double x)
{
    const double a = at_most(fabs(x), 6), v = a * a - 0.375, v2 = v * v, v4 = v2 * v2;
    const double bend = v * -0.301809621107369
        + v2 * (cubic(0.0866039729108496, -0.020114850033924374, 0.003850044303821932, -0.000623185174156898, v, v2)
        + v4 * (cubic(8.718801128810635e-05, -1.0729332569980093e-05, 1.1777288862668657e-06, -1.1663527707488606e-07, v, v2)
        + v4 * (1.0547823684753718e-08 + v * -8.655125754601741e-10)));
    const double p = 0.001880119786359478 + bend;
    const double u = a - 0.875, u2 = u * u, u4 = u2 * u2;
    const double y = cubic(-0.21139821323414984, -3.506065942577487, -1.1924476020612373, -0.06765670533888772, u, u2)
        + u4 * (cubic(0.016336125859116205, -0.0030931338829677186, 0.0002896711568352705, 8.553400674365182e-05, u, u2)
        + u4 * (cubic(-5.6806481700457006e-05, 1.754862652391397e-05, -2.940740831385218e-06, -1.9933977724827793e-07, u, u2)
        + u4 * (cubic(3.435402904134445e-07, -1.3881226705096015e-07, 3.5881436637783406e-08, -6.467616732702356e-09, u, u2)
        + u4 * ((7.922359561286561e-10 + u * -5.950025863819986e-11) + u2 * 2.0684050322039245e-12))));
    /* in r on [-1/2, 1/2]: (2^r - 1) / r of degree 10, error 2^-58.0 */
    const double shifted = y + ROUNDER, r = y - (shifted - ROUNDER), r2 = r * r, r4 = r2 * r2;
    const double q = cubic(0.6931471805599453, 0.2402265069591013, 0.055504108664820084, 0.009618129107594126, r, r2)
        + r4 * (cubic(0.0013333558146774137, 0.0001540353045712194, 1.5252733493397887e-05, 1.3215435270873763e-06, r, r2)
        + r4 * ((1.0178199487649604e-07 + r * 7.073786134661465e-09) + r2 * 4.434783812712027e-10));
    const double rest = (1 + r * q) * of_bits((bits_of(shifted) + 1021) << 52);
    const double value = select_bits(spread(bits_of(a) - bits_of(0.875)), a + a * p, 1 - rest);
    return of_bits(bits_of(value) | (bits_of(x) & SIGN_BIT));
}
AUTODIFF_VECTOR_FLOAT64(erf)
AUTODIFF_VECTOR_FLOAT32(erf)

/* At most 2 ulp.  Below 0.5, 1 - erf: in z on [0, 0.25], erf(x) / x - 1 of degree 8, error 2^-59.7.  From there
   exp(-x^2) f / (1 + 2 x): in t = (x - 3.5) / (x + 3.5) up to x = 28, (1 + 2 x) exp(x^2) erfc(x) of degree 20, error
   2^-55; x^2 as a sum of two doubles.  Below -0.5, 2 - erfc(-x). */
static inline double erfc_float64(double x)
{
    double high, low;
    const double a = at_most(fabs(x), 28), z = a * a, z2 = z * z, z4 = z2 * z2;
    const double p = cubic(0.12837916709551253, -0.3761263890318278, 0.11283791670886786, -0.026866170623198266, z, z2)
        + z4 * (cubic(0.005223977243903305, -0.0008548287992591189, 0.0001205291482928321, -1.4836246125121159e-05, z, z2)
        + z4 * 1.4635512743315028e-06);
    const double t = (a - 3.5) / (a + 3.5), t2 = t * t, t4 = t2 * t2;
    const double bend = t * (cubic(-0.14000918013762026, -0.01055559633222368, 0.0975190951533663, -0.11508959815986267, t, t2)
        + t4 * (cubic(0.08798315382084954, -0.04882332583566269, 0.019099331011150914, -0.004215019815363824, t, t2)
        + t4 * (cubic(-0.0003022685252249786, 0.0005643837883642503, -0.00012150874687681128, -4.2779632749918194e-05, t, t2)
        + t4 * (cubic(2.4247854579905925e-05, 2.3216886642033575e-06, -3.784971411772311e-06, -3.4065311142107833e-08, t, t2)
        + t4 * cubic(5.595691261469919e-07, -1.657114694548275e-08, -6.165023481403322e-08, 3.688873524592913e-09, t, t2)))));
    const double upper = upper_half(a);
    const uint64_t n = exp_parts(0 - upper * upper, (a - upper) * (a + upper), &high, &low);
    /* high f / (1 + 2 a), its factors and a first quotient in halves, so that the remainder is almost exact */
    const double f = 1.2423492448711544 + bend, divisor = 1 + 2 * a, reciprocal = 1 / divisor;
    const double high_a = upper_half(high), high_b = (high - high_a) + low;
    const double f_a = upper_half(f), f_b = (1.2423492448711544 - f_a) + bend;
    const double divisor_a = upper_half(divisor), divisor_b = (1 - divisor_a) + 2 * a;
    const double first = upper_half(high * f * reciprocal);
    const double remainder = ((high_a * f_a - first * divisor_a) - first * divisor_b) + (high_a * f_b + high_b * f);
    const double far = (first + remainder * reciprocal) * half_power(n) * other_half_power(n);
    const uint64_t negative = spread(bits_of(x)), near = spread(bits_of(a) - bits_of(0.5));
    return select_bits(near, 0.5 + ((0.5 - x) - x * p), select_bits(negative, 2 - far, far));
}
AUTODIFF_VECTOR_FLOAT64(erfc)
AUTODIFF_VECTOR_FLOAT32(erfc)

#endif
