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

#endif
