/* Elementary functions as loops that the compiler turns into vector instructions.

      NAME_float64 takes one element, NAME_block_float64 a row of them; both run the same operations in the same order,
   each rounded by itself (no contraction, no reassociation), so that a scalar, an array, any width of vectors and any
   processor give the same bits.  What decides between formulas is a selection of bits, never a branch.

      Polynomials are minimax on the interval stated (our own, by Remez' exchange in 50 digits, the coefficients then
   rounded to double); "error" is the largest, relative to the function computed, before rounding.
   tests/test_accuracy.py holds the bounds, docs/accuracy.md says what was measured.

      The file that includes this one defines EACH(count), a loop over i, and Py_ssize_t. */
#ifndef AUTODIFF_VECTOR_H
#define AUTODIFF_VECTOR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A function that is not inlined keeps its loop from being vectorised, and compilers think these too large. */
#if defined(__GNUC__)
#  define INLINED static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#  define INLINED static __forceinline
#else
#  define INLINED static inline
#endif

/* ---- bits */

INLINED uint64_t bits_of(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINED double of_bits(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define SIGN_BIT UINT64_C(0x8000000000000000)

/* All ones where the top bit is set.  64-bit integers have no comparison and no arithmetic shift in SSE2, but this. */
INLINED uint64_t spread(uint64_t bits) { return (uint64_t)0 - (bits >> 63); }

/* x where the mask is ones, y where it is zeros. */
INLINED double select_bits(uint64_t mask, double x, double y)
{
    return of_bits((bits_of(x) & mask) | (bits_of(y) & ~mask));
}

/* The upper half of a product's factor: 26 bits, so that the product of two of them is exact. */
INLINED double upper_half(double x) { return of_bits(bits_of(x) & UINT64_C(0xfffffffff8000000)); }

/* Adding it rounds to an integer (to even at ties), which the low bits of the sum hold. */
#define ROUNDER 6755399441055744.0

/* A polynomial of degree 3, in the order with the shortest chain of operations. */
INLINED double cubic(double c0, double c1, double c2, double c3, double x, double x2)
{
    return (c0 + x * c1) + x2 * (c2 + x * c3);
}

#define AUTODIFF_VECTOR(name, real, dtype)                                                                             \
    static void name##_block_##dtype(const real *x, real *out, Py_ssize_t count)                                       \
    {                                                                                                                  \
        EACH(count) out[i] = name##_##dtype(x[i]);                                                                     \
    }

/* Elements evaluated at a time: the input is kept until the rare ones among them are repaired. */
#define VECTOR_BLOCK 512

/* NAME from NAME_common, which sets the top bit of `rare` where another method is needed, NAME_rare.  Which elements
   are rare is asked a second time, only if there are some: a store for each would be felt by all. */
#define AUTODIFF_VECTOR_RARE(name, real, dtype)                                                                        \
    INLINED real name##_##dtype(real x)                                                                                \
    {                                                                                                                  \
        uint64_t rare;                                                                                                 \
        const real value = (real)name##_common_##dtype(x, &rare);                                                      \
        return rare >> 63 ? (real)name##_rare(x) : value;                                                              \
    }                                                                                                                  \
    static void name##_block_##dtype(const real *x, real *out, Py_ssize_t count)                                       \
    {                                                                                                                  \
        real kept[VECTOR_BLOCK];                                                                                       \
        uint64_t marks[VECTOR_BLOCK];                                                                                  \
        while (count > 0) {                                                                                            \
            const Py_ssize_t part = count < VECTOR_BLOCK ? count : VECTOR_BLOCK;                                       \
            const real *const source = x == out ? (const real *)memcpy(kept, x, (size_t)part * sizeof(real)) : x;      \
            uint64_t any = 0;                                                                                          \
            EACH(part) {                                                                                               \
                uint64_t rare;                                                                                         \
                out[i] = (real)name##_common_##dtype(source[i], &rare);                                                \
                any |= rare;                                                                                           \
            }                                                                                                          \
            if (any >> 63) {                                                                                           \
                EACH(part) name##_common_##dtype(source[i], &marks[i]);                                                \
                for (Py_ssize_t i = 0; i < part; i++) {                                                                \
                    if (marks[i] >> 63) out[i] = (real)name##_rare(source[i]);                                         \
                }                                                                                                      \
            }                                                                                                          \
            x += part;                                                                                                 \
            out += part;                                                                                               \
            count -= part;                                                                                             \
        }                                                                                                              \
    }

/* ---- sin, cos: at most 1 ulp (0.89 measured) */

/* The sine of high - low or, in an odd quadrant, the cosine, negated in quadrants 2 and 3; |high| <= pi/4, |low| <
   2^-48. In z = high^2 on [0, (pi/4)^2]: (x - sin x) / x^3 of degree 5, error 2^-57.9 of the sine; (cos x - 1 + z/2) /
   z^2 of degree 5, error 2^-63.9 of the cosine. */
INLINED double sine_of_reduced(double high, double low, uint64_t quadrant)
{
    const double z = high * high, z2 = z * z, z4 = z2 * z2;
    const double s = ((0.1666666666666663 - z * 0.008333333333322106)
        + z2 * (0.00019841269829579887 - z * 2.7557313617930857e-06))
        + z4 * (2.505074720622774e-08 - z * 1.5896197019237804e-10);
    const double c = ((0.041666666666666595 - z * 0.001388888888887304)
        + z2 * (2.480158728884145e-05 - z * 2.755731417625554e-07))
        + z4 * (2.0875700418155666e-09 - z * 1.1358514055362725e-11);
    const double half = 0.5 * z, inner = 1 - half, bend = (high * z) * s, rise = z2 * c;
    /* low times the derivative; the sum in this order because 0 + -0 is 0, and the sine of -0 is -0 - 0 */
    const double sine = high - (low * (inner + rise) + bend);
    /* 1 - half is rounded; what it lost is given back */
    const double cosine = inner + (((1 - inner) - half) + (rise + low * (high - bend)));
    const double value = select_bits((uint64_t)0 - (quadrant & 1), cosine, sine);
    return of_bits(bits_of(value) ^ ((quadrant & 2) << 62));
}

/* From 2^20 on n has more than 20 bits, and n * PI_2_A may not be exact. */
#define REDUCED_BELOW UINT64_C(0x4130000000000000)
/* pi/2 = A + B + C: 33, 33 and 53 bits; error 2^-122.9. */
#define PI_2_A 1.5707963267341256
#define PI_2_B 6.077100506303966e-11
#define PI_2_C 2.0222662487959506e-21

/* The sine of x a number of quadrants further, x reduced by Cody and Waite's method.  The first subtraction is exact,
   the second with what it lost; n * PI_2_C leaves an error of |x| 2^-118, which counts where the remainder is below
   |x| 2^-60: rare, as is |x| >= 2^20. */
INLINED double sine_shifted(double x, uint64_t quadrants, uint64_t *rare)
{
    const double shifted = x * 0.6366197723675814 + ROUNDER, n = shifted - ROUNDER;
    const double a = x - n * PI_2_A, nb = n * PI_2_B, high = a - nb, low = n * PI_2_C - ((a - high) - nb);
    const uint64_t magnitude = bits_of(x) & ~SIGN_BIT;
    *rare = (REDUCED_BELOW - 1 - magnitude) | ((bits_of(high) & ~SIGN_BIT) + (UINT64_C(60) << 52) - magnitude);
    return sine_of_reduced(high, low, bits_of(shifted) + quadrants);
}

/* The method of Payne and Hanek for any finite x: x = m 2^e, and of the bits of 2/pi only those are multiplied by m
   that decide x 2/pi modulo 4 and 190 bits behind the point. */
static double sine_far(double x, uint64_t quadrants)
{
    /* 2/pi, 32 bits each */
    static const uint32_t two_over_pi[40] = {
        0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561,
        0xb7246e3a, 0x424dd2e0, 0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484,
        0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4, 0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f,
        0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d, 0x7527bac7, 0xebe5f17b,
        0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab, 0xf0cfbc20, 0x9af4361d};
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
    /* times pi/2, the product of the high parts exactly (Dekker): pi/2 is 1.5707963109016418 and the rest */
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

INLINED double sin_common_float64(double x, uint64_t *rare) { return sine_shifted(x, 0, rare); }
static double sin_rare(double x) { return sine_far(x, 0); }
AUTODIFF_VECTOR_RARE(sin, double, float64)

INLINED double cos_common_float64(double x, uint64_t *rare) { return sine_shifted(x, 1, rare); }
static double cos_rare(double x) { return sine_far(x, 1); }
AUTODIFF_VECTOR_RARE(cos, double, float64)

/* ---- exp and what is made of it */

#define ONE_OVER_LN2 1.4426950408889634
/* ln 2 = A + B, A of 42 bits: its product with the exponent of a double is exact. */
#define LN2_A 0.6931471805598903
#define LN2_B 5.497923018708371e-14
/* ln 2 = LN2 + LN2_LOW */
#define LN2 0.6931471805599453
#define LN2_LOW 2.3190468138462996e-17

/* exp(x - below) = (high + low) 2^n, where the low bits of the result are n; high is in [0.7, 1.42], low at most half
   an ulp of it, and the error of their sum 2^-57.  |x| <= 1000, below at most 1.  In r on [-ln2/2, ln2/2]: (exp r - 1
   - r) / r^2 of degree 9, error 2^-57.9. */
INLINED uint64_t exp_parts(double x, double below, double *high, double *low)
{
    const double shifted = x * ONE_OVER_LN2 + ROUNDER, n = shifted - ROUNDER;
    const double a = x - n * LN2_A, b = n * LN2_B + below, r = a - b, lost = (a - r) - b;
    const double r2 = r * r, r4 = r2 * r2;
    const double q = cubic(0.5000000000000011, 0.16666666666666413, 0.041666666666530246, 0.008333333333494564, r, r2)
        + r4 * (cubic(0.0013888888943609243, 0.00019841269506692388, 2.4801493120406703e-05, 2.755758605671037e-06,
                      r, r2)
        + r4 * (2.763024047137799e-07 + r * 2.5000209988632056e-08));
    const double bend = r2 * q + lost, p = r + bend;
    *high = 1 + p;
    *low = ((1 - *high) + p) + ((r - p) + bend);
    return bits_of(shifted);
}

/* Two powers of two whose product is 2^n: by steps, 1.4 * 2^-1075 and 0.7 * 2^1024 are what they should be. */
INLINED double half_power(uint64_t n) { return of_bits(((n >> 1) + 1023) << 52); }
INLINED double other_half_power(uint64_t n) { return of_bits((n - (n >> 1) + 1023) << 52); }

/* Where the order of comparison lets nan through. */
INLINED double at_most(double x, double bound) { return bound < x ? bound : x; }
INLINED double at_least(double x, double bound) { return bound > x ? bound : x; }

/* f - low - log(1 + f) for f in [-0.3, 0.5], with s = f / (2 + f): log(1 + f) is 2 atanh(s), and 2 s is f - s f.
   In z = s^2 on [0, 0.04]: (2 atanh(s) / s - 2) / z of degree 7, error 2^-60 of the sum. */
INLINED double log1p_bend(double f, double s, double low)
{
    const double half = 0.5 * f * f, z = s * s, z2 = z * z, z4 = z2 * z2;
    const double r = cubic(0.666666666666666, 0.4000000000005594, 0.2857142855600732, 0.2222222427618291, z, z2)
        + z4 * cubic(0.1818166708985155, 0.1539107238001123, 0.13174262723713936, 0.13838560669956343, z, z2);
    return half - (low + s * (half + z * r));
}

/* log1p(exp(-t)), t >= 0, as high + low, error 2^-56.  e = exp(-t); from a half on, log1p(e) is ln 2 + log1p((e - 1) /
   2). */
INLINED double log1p_exp_minus_parts(double t, double *low)
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
    const double bend = log1p_bend(f, s, ((ln2 - sum) + f) + (ln2_low + f_low * (1 - 2 * s * (1 - s))));
    const double value = sum - bend;
    *low = (sum - value) - bend;
    return value;
}

/* log1p(exp(-t)) for t >= 0, at most 1 ulp (0.91 measured). */
INLINED double log1p_exp_minus_float64(double t)
{
    double low;
    return log1p_exp_minus_parts(t, &low);
}
AUTODIFF_VECTOR(log1p_exp_minus, double, float64)

/* ---- log, as erfinv needs it: at most 1 ulp (0.87 measured) */

/* k ln 2 + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)), of a positive number that is not denormal; `bias` is that of the
   exponent and 2^52. */
INLINED double log_of_scaled(double x, double bias)
{
    const uint64_t moved = bits_of(x) + UINT64_C(0x95f619980c433);
    const double k = of_bits((moved >> 52) | UINT64_C(0x4330000000000000)) - bias;
    const double f = of_bits((moved & UINT64_C(0xfffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd)) - 1;
    const double whole = k * LN2_A, sum = whole + f;
    return sum - log1p_bend(f, f / (2 + f), ((whole - sum) + f) + k * LN2_B);
}

INLINED double log_of_normal(double x) { return log_of_scaled(x, 4503599627371519.0); }

/* ---- erf, erfc */

/* At most 1 ulp (0.96 measured).  Below 0.875, x + x p: in v = x^2 - 0.375 on [-0.375, 0.390625], erf(x) / x - 1 of
   degree 11, error 2^-61.4; around 0.375 the rounding errors of its terms count least.  From there 1 - 2^(y - 2): in u
   = x - 0.875 on [0, 5.125], log2(erfc x) + 2 of degree 18, error 2^-58.1 of erf; it is small where erfc is not.  From
   5.93 on erf rounds to 1. */
INLINED double erf_float64(double x)
{
    const double a = at_most(fabs(x), 6), v = a * a - 0.375, v2 = v * v, v4 = v2 * v2;
    const double bend = v * -0.301809621107369
        + v2 * (cubic(0.0866039729108496, -0.020114850033924374, 0.003850044303821932, -0.000623185174156898, v, v2)
        + v4 * (cubic(8.718801128810635e-05, -1.0729332569980093e-05, 1.1777288862668657e-06, -1.1663527707488606e-07,
                      v, v2)
        + v4 * (1.0547823684753718e-08 + v * -8.655125754601741e-10)));
    const double p = 0.001880119786359478 + bend;
    const double u = a - 0.875, u2 = u * u, u4 = u2 * u2;
    const double y = cubic(-0.21139821323414984, -3.506065942577487, -1.1924476020612373, -0.06765670533888772, u, u2)
        + u4 * (cubic(0.016336125859116205, -0.0030931338829677186, 0.0002896711568352705, 8.553400674365182e-05, u, u2)
        + u4 * (cubic(-5.6806481700457006e-05, 1.754862652391397e-05, -2.940740831385218e-06, -1.9933977724827793e-07,
                      u, u2)
        + u4 * (cubic(3.435402904134445e-07, -1.3881226705096015e-07, 3.5881436637783406e-08, -6.467616732702356e-09,
                      u, u2)
        + u4 * ((7.922359561286561e-10 + u * -5.950025863819986e-11) + u2 * 2.0684050322039245e-12))));
    /* in r on [-1/2, 1/2]: (2^r - 1) / r of degree 10, error 2^-58.0 */
    const double shifted = y + ROUNDER, r = y - (shifted - ROUNDER), r2 = r * r, r4 = r2 * r2;
    const double q = cubic(0.6931471805599453, 0.2402265069591013, 0.055504108664820084, 0.009618129107594126, r, r2)
        + r4 * (cubic(0.0013333558146774137, 0.0001540353045712194, 1.5252733493397887e-05, 1.3215435270873763e-06,
                      r, r2)
        + r4 * ((1.0178199487649604e-07 + r * 7.073786134661465e-09) + r2 * 4.434783812712027e-10));
    const double rest = (1 + r * q) * of_bits((bits_of(shifted) + 1021) << 52);
    const double value = select_bits(spread(bits_of(a) - bits_of(0.875)), a + a * p, 1 - rest);
    return of_bits(bits_of(value) | (bits_of(x) & SIGN_BIT));
}
AUTODIFF_VECTOR(erf, double, float64)

/* In t = (a - 3.5) / (a + 3.5), a in [0.5, 28]: (1 + 2 a) exp(a^2) erfc(a) - 1.2423492448711544, of degree 20, error
   2^-55. */
INLINED double erfc_bend(double t)
{
    const double t2 = t * t, t4 = t2 * t2;
    return t * (cubic(-0.14000918013762026, -0.01055559633222368, 0.0975190951533663, -0.11508959815986267,
                                   t, t2)
        + t4 * (cubic(0.08798315382084954, -0.04882332583566269, 0.019099331011150914, -0.004215019815363824, t, t2)
        + t4 * (cubic(-0.0003022685252249786, 0.0005643837883642503, -0.00012150874687681128, -4.2779632749918194e-05,
                      t, t2)
        + t4 * (cubic(2.4247854579905925e-05, 2.3216886642033575e-06, -3.784971411772311e-06, -3.4065311142107833e-08,
                      t, t2)
        + t4 * cubic(5.595691261469919e-07, -1.657114694548275e-08, -6.165023481403322e-08, 3.688873524592913e-09,
                     t, t2)))));
}

/* At most 2 ulp (1.51 measured).  Below 0.5, 1 - erf: in z on [0, 0.25], erf(x) / x - 1 of degree 8, error 2^-59.7.
   From there exp(-x^2) f / (1 + 2 x): in t = (x - 3.5) / (x + 3.5) up to x = 28, (1 + 2 x) exp(x^2) erfc(x) of degree
   20, error 2^-55; x^2 as a sum of two doubles.  Below -0.5, 2 - erfc(-x). */
INLINED double erfc_float64(double x)
{
    double high, low;
    const double a = at_most(fabs(x), 28), z = a * a, z2 = z * z, z4 = z2 * z2;
    const double p = cubic(0.12837916709551253, -0.3761263890318278, 0.11283791670886786, -0.026866170623198266, z, z2)
        + z4 * (cubic(0.005223977243903305, -0.0008548287992591189, 0.0001205291482928321, -1.4836246125121159e-05,
                      z, z2)
        + z4 * 1.4635512743315028e-06);
    const double bend = erfc_bend((a - 3.5) / (a + 3.5));
    const double upper = upper_half(a);
    const uint64_t n = exp_parts(0 - upper * upper, (a - upper) * (a + upper), &high, &low);
    /* high f / (1 + 2 a), its factors and a first quotient in halves, so that the remainder is almost exact */
    const double f = 1.2423492448711544 + bend, divisor = 1 + 2 * a, reciprocal = 1 / divisor;
    const double high_a = upper_half(high), high_b = (high - high_a) + low;
    const double f_a = upper_half(f), f_b = (1.2423492448711544 - f_a) + bend;
    const double divisor_a = upper_half(divisor), divisor_b = (1 - divisor_a) + 2 * a;
    const double first = upper_half(high * f * reciprocal);
    const double remainder = ((high_a * f_a - first * divisor_a) - first * divisor_b) + (high_a * f_b + high_b * f);
    const double outer = (first + remainder * reciprocal) * half_power(n) * other_half_power(n);
    const uint64_t negative = spread(bits_of(x)), inner = spread(bits_of(a) - bits_of(0.5));
    return select_bits(inner, 0.5 + ((0.5 - x) - x * p), select_bits(negative, 2 - outer, outer));
}
AUTODIFF_VECTOR(erfc, double, float64)

/* ---- the logistic function and its derivative, the normal distribution function: their tails keep every digit */

/* exp(-|x|) */
INLINED double exp_of_minus_magnitude(double x)
{
    double high, low;
    const uint64_t n = exp_parts(0 - at_most(fabs(x), 746), -0.0, &high, &low);
    return high * half_power(n) * other_half_power(n);
}

/* 1 / (1 + exp(-x)), at most 3 ulp (1.9 measured), to its least denormal result at -745. */
INLINED double logistic_float64(double x)
{
    const double e = exp_of_minus_magnitude(x);
    return select_bits(spread(bits_of(x)), e, 1) / (1 + e);
}
AUTODIFF_VECTOR(logistic, double, float64)

/* At most 2 ulp (1.28 measured, between 0.8 and 1.1; 1.07 elsewhere). tanh(w) = w - w G / P, in z = w^2 on [0, 0.92^2] and of
   degrees 3 and 4, error 2^-57.4 of w. Up to 0.92, w = |x|. Above, w = |x| - n ln2/2, with w Q = w (P - G) exp(2|x|) is 2^n (P
   + w Q) / (P - w Q), and the result 1 - 2 / (exp(2|x|) + 1). So P, G and the one division serve both; with an exponential of
   its own for large |x| it took 1.6 times as long (1.16 ulp). Where the two meet, what is subtracted is a quarter of the
   result, and its roundings make the error. From 19.1 on it rounds to 1.

      An operation waits for the one before it, and the processor sees too few of those behind: GCC's loop over one vector after
   the other took 1.05 ns an element with AVX-512, 2.0 with AVX2 and 4.3 with neither. Four vectors go side by side, EVERY of
   them step by step, in 0.85, 1.5 and 3.3. */
#define TANH(EVERY, MANY, OF, real, choice, ONE, ABOVE, CHOSEN, LEAST, MAGNITUDE, POWER, SIGNED)                       \
    real a MANY, shifted MANY, n MANY, w MANY, z MANY, p MANY, g MANY, up MANY, down MANY;                             \
    choice large MANY;                                                                                                 \
    EVERY(a OF = LEAST(MAGNITUDE(x OF), 22))                                                                           \
    EVERY(large OF = ABOVE(a OF, 0.92))                                                                                \
    EVERY(shifted OF = a OF * (2 * ONE_OVER_LN2))                                                                      \
    EVERY(shifted OF += ROUNDER + 1022)                                                                                \
    EVERY(n OF = shifted OF - (ROUNDER + 1022))                                                                        \
    EVERY(w OF = a OF - n OF * (LN2_A / 2))                                                                            \
    EVERY(w OF -= n OF * (LN2_B / 2))                                                                                  \
    EVERY(w OF = CHOSEN(large OF, w OF, a OF))                                                                         \
    EVERY(z OF = w OF * w OF)                                                                                          \
    EVERY(p OF = 14075.52766418457 - z OF; g OF = z OF * 13473.851776123047)                                           \
    EVERY(p OF *= z OF; g OF += 1192561.878124237)                                                                     \
    EVERY(p OF += 1365261.050201416; g OF *= z OF)                                                                     \
    EVERY(p OF *= z OF; g OF += 18591082.803379722)                                                                    \
    EVERY(p OF += 25886984.998428345; g OF *= z OF)                                                                    \
    EVERY(p OF *= z OF)                                                                                                \
    EVERY(p OF += 55773248.410139166)                                                                                  \
    EVERY(w OF *= p OF - g OF)                                                                                         \
    EVERY(up OF = p OF + w OF; down OF = p OF - w OF)                                                                  \
    EVERY(up OF *= POWER(shifted OF))                            /* 2^(n - 1) */                                       \
    EVERY(up OF += 0.5 * down OF)                                                                                      \
    EVERY(up OF = CHOSEN(large OF, up OF, p OF))                                                                       \
    EVERY(down OF = CHOSEN(large OF, down OF, g OF))                                                                   \
    EVERY(down OF /= up OF)                                                                                            \
    EVERY(a OF = CHOSEN(large OF, ONE, a OF))                                                                          \
    EVERY(down OF *= a OF)                                                                                             \
    EVERY(a OF -= down OF)                                                                                             \
    EVERY(out OF = SIGNED(a OF, x OF))

#define ITSELF(...) __VA_ARGS__;
#define IS_ABOVE(x, y) spread(bits_of(y) - bits_of(x))
#define POWER_OF_BITS(x) of_bits(bits_of(x) << 52)
#define WITH_SIGN(x, y) select_bits(SIGN_BIT, y, x)

INLINED double tanh_float64(double x)
{
    double out;
    TANH(ITSELF, , , double, uint64_t, 1, IS_ABOVE, select_bits, at_most, fabs, POWER_OF_BITS, WITH_SIGN)
    return out;
}

#if defined(__GNUC__)
#  if defined(BYTES)
#    define V_BYTES BYTES
#  else
#    define V_BYTES 16
#  endif
typedef double V __attribute__((vector_size(V_BYTES)));
typedef uint64_t VBits __attribute__((vector_size(V_BYTES)));
typedef double VPlace __attribute__((vector_size(V_BYTES), aligned(8), may_alias));
#  define V_EACH(...) for (int i = 0; i < 4; i++) { __VA_ARGS__; }
#  define V_MAGNITUDE(x) ((V)((VBits)(x) & ~SIGN_BIT))
#  define V_POWER(x) ((V)((VBits)(x) << 52))
#  define V_SIGNED(x, y) ((V)(((VBits)(x) & ~SIGN_BIT) | ((VBits)(y) & SIGN_BIT)))
#  if V_BYTES == 64         /* masks in registers of their own: with those below 1.01 ns */
typedef __mmask8 VChoice;
#    define V_ONE _mm512_set1_pd(1)
#    define V_ABOVE(x, y) _mm512_cmp_pd_mask(x, _mm512_set1_pd(y), _CMP_GT_OQ)
#    define V_CHOSEN(large, x, y) _mm512_mask_blend_pd(large, y, x)
#    define V_LEAST(x, y) _mm512_min_pd(_mm512_set1_pd(y), x)
#  else
typedef VBits VChoice;
#    define V_ONE ((V){ 0 } + 1)
#    define V_ABOVE(x, y) ((VBits)((x) > (y)))
#    define V_CHOSEN(large, x, y) ((V)(((VBits)(x) & (large)) | ((VBits)(y) & ~(large))))
#    define V_LEAST(x, y) V_CHOSEN(V_ABOVE(x, (double)(y)), (V){ 0 } + (y), x)
#  endif
#endif

static void tanh_block_float64(const double *source, double *target, Py_ssize_t count)
{
#if defined(__GNUC__)
    const Py_ssize_t together = 4 * V_BYTES / 8;
    for (; count >= together; count -= together, source += together, target += together) {
        const VPlace *const x = (const VPlace *)source;
        VPlace *const out = (VPlace *)target;
        TANH(V_EACH, [4], [i], V, VChoice, V_ONE, V_ABOVE, V_CHOSEN, V_LEAST, V_MAGNITUDE, V_POWER, V_SIGNED)
    }
#endif
    EACH(count) target[i] = tanh_float64(source[i]);
}

/* logistic(x) logistic(-x), at most 4 ulp (3.3 measured). */
INLINED double logistic_slope_float64(double x)
{
    const double e = exp_of_minus_magnitude(x);
    return e / ((1 + e) * (1 + e));
}
AUTODIFF_VECTOR(logistic_slope, double, float64)

/* erfc(-x / sqrt(2)) / 2, at most 4 ulp (3.3 measured): by the formulas of erfc, but with the square of x itself, of
   which half is exactly the exponent.  An error of 2^-53 in x / sqrt(2) would be one of 2^-43 where the results are the
   least. */
INLINED double normal_cdf_float64(double x)
{
    double high, low;
    const double y = at_most(fabs(x), 39.5), a = y * 0.7071067811865476, z = a * a, z2 = z * z, z4 = z2 * z2;
    const double p = cubic(0.12837916709551253, -0.3761263890318278, 0.11283791670886786, -0.026866170623198266, z, z2)
        + z4 * (cubic(0.005223977243903305, -0.0008548287992591189, 0.0001205291482928321, -1.4836246125121159e-05,
                      z, z2)
        + z4 * 1.4635512743315028e-06);
    const double t = (a - 3.5) / (a + 3.5);
    const double f = 1.2423492448711544 + erfc_bend(t);
    const double upper = upper_half(y);
    const uint64_t n = exp_parts(0 - 0.5 * (upper * upper), 0.5 * ((y - upper) * (y + upper)), &high, &low);
    const double outer = 0.5 * ((high + low) * f / (1 + 2 * a)) * half_power(n) * other_half_power(n);
    const double half = 0.5 * (a + a * p);
    const uint64_t negative = spread(bits_of(x)), inner = spread(bits_of(a) - bits_of(0.5));
    const double near = 0.5 + of_bits(bits_of(half) | (bits_of(x) & SIGN_BIT));
    return select_bits(inner, near, select_bits(negative, outer, 1 - outer));
}
AUTODIFF_VECTOR(normal_cdf, double, float64)

/* ---- erfinv */

/* |x| < 0.9966 as bits: where w = -log(1 - x^2) < 5. */
#define ERFINV_BELOW UINT64_C(0x3fefe425aee631f9)

/* At most 3 ulp (2.8 measured); x times a function of w = -log(1 - x^2), as Giles proposed (2010, "Approximating the
   erfinv function"); rest is 1 - x^2.  In w on [0, 5]: erfinv(x) / x of degree 21, error 2^-56.1. */
INLINED double erfinv_of(double x, double rest)
{
    const double w = 0 - log_of_normal(rest), w2 = w * w, w4 = w2 * w2;
    const double bend = w * 0.23201366653465214
        + w2 * ((0.01154934203834946 + w * -0.002335101642651416)
        + w2 * (cubic(-0.00012804328698487268, 4.661140936658209e-05, 2.0200769896790572e-06, -1.0127307495891395e-06,
                      w, w2)
        + w4 * (cubic(-3.703684097814935e-08, 2.2508903238587736e-08, 9.943916906970233e-10, -6.808064411441928e-10,
                      w, w2)
        + w4 * (cubic(6.308097886897458e-11, -1.8846098787658237e-11, 9.689772392758138e-12, -2.364178026453024e-12,
                      w, w2)
        + w4 * (cubic(3.096283406057414e-13, -1.9928347070910534e-14, -9.87803367071457e-17, 1.1982620232333745e-16,
                      w, w2)
        + w4 * (-8.468263544056319e-18 + w * 2.0986958992183206e-19))))));
    return x * (0.886226925452758 + bend);
}

INLINED double erfinv_common_float64(double x, uint64_t *rare)
{
    const double a = fabs(x);
    *rare = ERFINV_BELOW - 1 - bits_of(a);
    return erfinv_of(x, (1 - a) * (1 + a));
}

/* Towards 1, where 1 - |x| is exact: in t = sqrt(w), around 2.7 on [2.23, 3.2], around 3.8 to 4.5 and around 5.2 to
   6.02, erfinv(x) / x of degree 17, 17 and 15, error 2^-58. */
static double erfinv_towards_one(double x, double rest)
{
    static const double coefficients[3][18] = {
        {2.5335864846649976, 0.9931642362730001, 0.020536191906532004, -0.018460389012332414, 0.012938989996674482,
         -0.005856553868605742, 0.0005799454456618475, 0.0012384210191403327, -0.0008246235954075305,
         8.356691169305e-05, 0.00017441598345142523, -0.00010056864709289987, 1.573077770183455e-06,
         2.3596076061575697e-05, -1.0496926701162583e-05, -1.0312180163762693e-06, 2.6126234304484856e-06,
         -7.510767042781356e-07},
        {3.637943047864886, 1.0088736982318611, 0.0018692935822069337, -0.0011840196114689034,
         0.00048382970658688575, -0.0002224230096997302, 0.00012917585432643607, -7.82247417359083e-05,
         4.029584888526751e-05, -1.5003158513279602e-05, 2.496882286490791e-06, 1.2827729831339036e-06,
         -1.2646902023693936e-06, 5.182655065060542e-07, -7.892658229528056e-08, -4.009806069485657e-08,
         3.091472667527733e-08, -7.614749532369267e-09},
        {5.0519593409395895, 1.010221456184723, -0.00025097073079394797, -0.0001614342665123402,
         5.877435509296902e-05, -1.4993697950215113e-05, 3.354843168942358e-06, -7.023701409221795e-07,
         1.4452974626854636e-07, -3.257165279404079e-08, 9.918487251837189e-09, -4.3160601999517875e-09,
         2.1810651521936585e-09, -1.1849632986052573e-09, 5.927159863207519e-10, -1.5908404293447998e-10, 0.0, 0.0}};
    const double *coefficient;
    double t = sqrt(0 - log_of_normal(rest)), value;
    int i;
    coefficient = coefficients[t < 3.2 ? 0 : t < 4.5 ? 1 : 2];
    t -= t < 3.2 ? 2.7 : t < 4.5 ? 3.8 : 5.2;
    value = coefficient[17];
    for (i = 16; i >= 0; i--) value = coefficient[i] + value * t;
    return x * value;
}

static double erfinv_rare(double x)
{
    const double a = fabs(x);
    if (!(a < 1)) return a == 1 ? copysign(INFINITY, x) : a > 1 ? NAN : x + x;
    return erfinv_towards_one(x, (1 - a) * (1 + a));
}
AUTODIFF_VECTOR_RARE(erfinv, double, float64)

/* ---- float32: computed in double with shorter polynomials, then rounded; at most 0.55 ulp, erfinv included

   An error of 2^-29 in double moves a float32 by 1/32 of an ulp. */

/* |x| but at most the bound.  The squares are compared because a comparison of |x| itself is narrowed to float32 by the
   compiler, and SSE2 cannot select doubles by that. */
INLINED double bounded(float x, double bound)
{
    const double a = fabs((double)x);
    return bound * bound < a * a ? bound : a;
}

/* exp(x) for |x| < 700; in r on [-ln2/2, ln2/2]: (exp r - 1 - r) / r^2 of degree 5, error 2^-34.2. */
INLINED double short_exp(double x)
{
    const double shifted = x * ONE_OVER_LN2 + ROUNDER, r = x - (shifted - ROUNDER) * LN2, r2 = r * r, r4 = r2 * r2;
    const double q = cubic(0.5000000067659323, 0.1666666586588499, 0.041666294985673605, 0.0083334976818302, r, r2)
        + r4 * (0.00139446583316312 + r * 0.00019790050721298452);
    return (1 + (r + r2 * q)) * of_bits((bits_of(shifted) + 1023) << 52);
}

/* f - log(1 + f) as log1p_bend: of degree 3, error 2^-34.4 of the sum. */
INLINED double short_log1p_bend(double f, double s)
{
    const double half = 0.5 * f * f, z = s * s;
    const double r = cubic(0.6666666309627165, 0.40000860722286524, 0.28507131032500754, 0.24098490106007378, z, z * z);
    return half - s * (half + z * r);
}

/* log1p(exp(-t)), t >= 0. */
INLINED double short_log1p_exp_minus(double t)
{
    const double e = short_exp(0 - at_most(t, 200));
    const uint64_t large = spread(bits_of(0.5) - bits_of(e));
    const double f = select_bits(large, 0.5 * (e - 1), e);
    return of_bits(bits_of(LN2) & large) + (f - short_log1p_bend(f, f / (2 + f)));
}

INLINED float log1p_exp_minus_float32(float t) { return (float)short_log1p_exp_minus(t); }
AUTODIFF_VECTOR(log1p_exp_minus, float, float32)

/* Below 1, x + x p(x^2): erf(x) / x - 1 of degree 7 in z on [0, 1], error 2^-34.8.  From there 1 - 2^y: in u = x - 1 on
   [0, 3], log2(erfc x) of degree 7, error 2^-35.5 of erf; from 3.92 on erf rounds to 1. */
INLINED float erf_float32(float x)
{
    const double a = bounded(x, 4), z = a * a, z2 = z * z;
    const double p = cubic(0.12837916705803254, -0.37612638434701956, 0.11283781974769273, -0.02686540007285023, z, z2)
        + (z2 * z2) * cubic(0.005220945498372768, -0.000848282954937687, 0.00011256951582624127, -9.641523392945515e-06,
                            z, z2);
    const double u = a - 1, u2 = u * u;
    const double y = cubic(-2.6684166969740843, -3.8072253462586345, -1.2163464060671285, -0.0599634259059058, u, u2)
        + (u2 * u2) * cubic(0.014493962698939645, -0.0029026491951293066, 0.0004176979015820328, -3.128685315432291e-05,
                            u, u2);
    /* in r on [-1/2, 1/2]: (2^r - 1) / r of degree 5, error 2^-28.9, of which erfc(1) = 0.16 and less counts */
    const double shifted = y + ROUNDER, r = y - (shifted - ROUNDER), r2 = r * r;
    const double q = cubic(0.6931472028758767, 0.24022647910274644, 0.0555033241759383, 0.009618437637181326, r, r2)
        + (r2 * r2) * (0.0013398897752116695 + r * 0.00015353328421686694);
    const double rest = (1 + r * q) * of_bits((bits_of(shifted) + 1023) << 52);
    const double value = select_bits(spread(bits_of(a) - bits_of(1.0)), a + a * p, 1 - rest);
    return copysignf((float)value, x);
}
AUTODIFF_VECTOR(erf, float, float32)

/* exp(a^2) erfc(a): in t = (a - 2.5) / (a + 2.5) up to a = 11, (1 + 2 a) times it of degree 11, error 2^-35.7. */
INLINED double short_erfc_scaled(double a)
{
    const double divisor = (1 + 2 * a) * (a + 2.5), reciprocal = 1 / divisor;
    const double t = (a - 2.5) * (1 + 2 * a) * reciprocal, t2 = t * t, t4 = t2 * t2;
    const double f = cubic(1.2648381843525038, -0.12235676342237273, -0.09902453684495377, 0.15762994050572124, t, t2)
        + t4 * (cubic(-0.10296713816668043, 0.03276049676260072, 0.0009327808619493112, -0.004378868966617969, t, t2)
        + t4 * cubic(0.00048760444086043, 0.0006191562791551178, -7.936397478201446e-05, -8.733678666920834e-05,
                     t, t2));
    return f * ((a + 2.5) * reciprocal);
}

/* Below 0.5, 1 - erf: erf(x) / x - 1 of degree 4 in z on [0, 0.25], error 2^-31.4.  From there exp(-x^2) f / (1 + 2
   x), the square exact: in t = (x - 2.5) / (x + 2.5) up to x = 11, (1 + 2 x) exp(x^2) erfc(x) of degree 11, error
   2^-35.7. */
INLINED float erfc_float32(float x)
{
    const double a = bounded(x, 11), z = a * a, z2 = z * z;
    const double p = cubic(0.12837915906798786, -0.3761257425219914, 0.1128233185366672, -0.026731123325548084, z, z2)
        + (z2 * z2) * 0.004671823200156305;
    const double outer = short_exp(0 - z) * short_erfc_scaled(a);
    const double sign = copysignf(1, x);
    /* outer, or 2 - outer; both exactly what they say */
    return (float)select_bits(spread(bits_of(a) - bits_of(0.5)), 1 - (x + x * p), (1 - sign) + sign * outer);
}
AUTODIFF_VECTOR(erfc, float, float32)

/* As in float64; half the square is exact. */
INLINED float normal_cdf_float32(float x)
{
    const double y = bounded(x, 15.5), a = y * 0.7071067811865476, z = a * a, z2 = z * z;
    const double p = cubic(0.12837915906798786, -0.3761257425219914, 0.1128233185366672, -0.026731123325548084, z, z2)
        + (z2 * z2) * 0.004671823200156305;
    const double outer = 0.5 * short_exp(0 - 0.5 * y * y) * short_erfc_scaled(a), sign = copysignf(1, x);
    return (float)select_bits(spread(bits_of(a) - bits_of(0.5)), 0.5 + 0.5 * sign * (a + a * p),
                              0.5 * (1 + sign) - sign * outer);
}
AUTODIFF_VECTOR(normal_cdf, float, float32)

/* As in float64: in w on [0, 5], erfinv(x) / x of degree 11, error 2^-31.2. */
INLINED double short_erfinv_of(double x, double rest)
{
    const uint64_t moved = bits_of(rest) + UINT64_C(0x95f619980c433);
    const double k = of_bits((moved >> 52) | UINT64_C(0x4330000000000000)) - 4503599627371519.0;
    const double f = of_bits((moved & UINT64_C(0xfffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd)) - 1;
    const double w = (short_log1p_bend(f, f / (2 + f)) - f) - k * LN2, w2 = w * w, w4 = w2 * w2;
    const double p = cubic(0.8862269258195185, 0.23201364442387004, 0.01154955872529221, -0.002335917803326006, w, w2)
        + w4 * (cubic(-0.000126491530638525, 4.4926939698306855e-05, 3.118358195027396e-06, -1.4365967358727637e-06,
                      w, w2)
        + w4 * cubic(4.490096054408575e-08, 2.3715970571094126e-08, -3.216117690222067e-09, 1.3284087679958984e-10,
                     w, w2));
    return x * p;
}

INLINED double erfinv_common_float32(double x, uint64_t *rare)
{
    const double a = fabs(x);
    *rare = ERFINV_BELOW - 1 - bits_of(a);
    return short_erfinv_of(x, (1 - a) * (1 + a));
}
AUTODIFF_VECTOR_RARE(erfinv, float, float32)

/* ---- float32 in its own arithmetic: twice the elements to a vector, where an ulp or two may be lost */

INLINED uint32_t bits_of_single(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINED float of_bits_single(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* As ROUNDER, for float32. */
#define ROUNDER_SINGLE 12582912.0f
/* ln 2 = A + B, A of 9 bits: its product with the exponent of a float32 is exact. */
#define LN2_A_SINGLE 0.693359375f
#define LN2_B_SINGLE -2.12194440e-4f

/* exp(x), x <= 0, at most 1 ulp (0.99 measured).  In r on [-ln2/2, ln2/2]: (exp r - 1 - r) / r^2 of degree 4, error
   2^-28.3.  2^n in two factors, so that what is denormal is rounded once; below -110 the result is 0. */
INLINED float exp_of_negative(float x)
{
    const float t = -110 > x ? -110 : x;
    const float shifted = t * 1.442695041f + ROUNDER_SINGLE, n = shifted - ROUNDER_SINGLE;
    const float r = (t - n * LN2_A_SINGLE) - n * LN2_B_SINGLE, r2 = r * r;
    const float q = ((0.49999994f + r * 0.16666521f) + r2 * (0.04166839f + r * 0.008368745f)) + (r2 * r2) * 0.001381454f;
    const float power = of_bits_single((bits_of_single(shifted) + 127 + 48) << 23);
    return (1 + (r + r2 * q)) * power * 3.552713678800501e-15f;
}

/* 1 / (1 + exp(-x)), at most 3 ulp (2.4 measured): exp(-|x|) does not overflow. */
INLINED float sigmoid_float32(float x)
{
    const float e = exp_of_negative(-fabsf(x));
    return (x < 0 ? e : 1) / (1 + e);
}
AUTODIFF_VECTOR(sigmoid, float, float32)

INLINED float logistic_float32(float x) { return sigmoid_float32(x); }
AUTODIFF_VECTOR(logistic, float, float32)

INLINED float logistic_slope_float32(float x)
{
    const float e = exp_of_negative(-fabsf(x));
    return e / ((1 + e) * (1 + e));
}
AUTODIFF_VECTOR(logistic_slope, float, float32)

#endif
