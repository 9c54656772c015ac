/* digamma, trigamma and lgamma, in loops that the compiler vectorises: any x, for lgamma any x > 0, by one formula or
   two without a loop or a branch; the ends of the range, poles and lgamma below 0 one by one, by the C library.

   Above 0 digamma is within 2 ulp, trigamma within 3 and lgamma within 3.5 (seen among 10^5 points: 1.5, 2.4 and 2.8);
   below 0 trigamma is within 5 (seen: 4.1), and digamma within 4 of the larger of the two terms that are subtracted
   (seen: 3.3).  In float32 they are computed in doubles and rounded.  The coefficients are those of polynomials, and of
   quotients of two, with a minimal largest error, fitted with 60 digits.  Those of the quotients have one sign, so that
   their sums lose nothing.

   EACH(count) is the including file's. */
#ifndef AUTODIFF_VECTOR_GAMMA_H
#define AUTODIFF_VECTOR_GAMMA_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Results are collected apart, for out may be x, and the repair of rare elements reads x again. */
#define GAMMA_CHUNK 256
#define GAMMA_PI 3.141592653589793

/* The leading 26 bits of a double, so that products of halves are exact. */
INLINED double gamma_high(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits &= 0xfffffffff8000000u;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* What the rounding of x * y left. */
INLINED double gamma_product_low(double x, double y, double product)
{
    const double x_high = gamma_high(x), x_low = x - x_high, y_high = gamma_high(y), y_low = y - y_high;
    return ((x_high * y_high - product) + x_high * y_low + x_low * y_high) + x_low * y_low;
}

/* What the rounding of x + y left. */
INLINED double gamma_sum_low(double x, double y, double sum)
{
    const double part = sum - x;
    return (x - (sum - part)) + (y - part);
}

/* The logarithm of x + x_low, x_low below the last place of a positive normal x, as a sum of two, with an error some 40
   times below that of a rounded one.  x is 2^k m, m from 0.707 to 1.414, and the logarithm of m twice the inverse
   hyperbolic tangent of s = (m - 1) / (m + 1); (2 atanh(s) - 2 s) / s^3 is a polynomial of degree 7 in s^2 on
   [0, 0.02945], to 2.1e-18. */
INLINED double gamma_log(double x, double x_low, double *low)
{
    uint64_t bits, exponent, scale_bits;
    double biased, scale;
    memcpy(&bits, &x, sizeof bits);
    exponent = (bits + 0x00095f619980c433u) >> 52;
    scale_bits = (2046 - exponent) << 52;
    memcpy(&scale, &scale_bits, sizeof scale);
    /* a whole number below 2^52 as a double: SSE2 and AVX2 have no conversion of 64 bits */
    exponent |= 0x4330000000000000u;
    memcpy(&biased, &exponent, sizeof biased);
    {
        const double k = biased - (4503599627370496.0 + 1023.0), m = x * scale - 1, m_low = x_low * scale;
        const double n = m + m_low, n_low = m_low - (n - m), d = 2 + n, d_low = (n - (d - 2)) + n_low;
        const double inverse = 1 / d, s = n * inverse, product = s * d;
        const double s_low = (((n - product) - gamma_product_low(s, d, product)) + (n_low - s * d_low)) * inverse;
        const double z = s * s;
        const double p = ((((((0.1308723619665962 * z + 0.13268714792348096) * z + 0.15386241881938595) * z
                             + 0.18181795600060793) * z + 0.22222222392089008) * z + 0.28571428570801954) * z
                          + 0.4000000000000088) * z + 0.6666666666666666;
        /* the logarithm of 2 with 21 bits to spare for k, and its rest */
        const double whole = k * 0.6931471803691238, sum = whole + 2 * s;
        *low = (2 * s - (sum - whole)) + (k * 1.9082149292705877e-10 + (2 * s_low + s * z * p));
        return sum;
    }
}

/* x less the nearest whole number, exact below 2^51. */
INLINED double gamma_fraction(double x)
{
    return x - ((x + 6755399441055744.0) - 6755399441055744.0);
}

/* 1 below 0, otherwise 0: a factor, for of a condition that selects several values GCC makes a branch. */
INLINED double gamma_reflected(double x) { return x < 0 ? 1.0 : 0.0; }

/* Not 0 where gamma_digamma and gamma_trigamma do not hold: at and next to a pole, far from 0, and for nan.  The bits
   of a double, for SSE2 cannot compare whole numbers of 64 bits. */
INLINED int64_t gamma_rare(double x, double pole, double high)
{
    const double reflected = gamma_reflected(x);
    const double distance = fabs(reflected * gamma_fraction(x) + (1 - reflected) * x);
    const double at_pole = distance >= pole ? 0.0 : 1.0, distant = x >= -1125899906842624.0 ? 0.0 : 1.0;
    const double rare = x <= high ? at_pole + distant : 1.0;
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

/* The sine and the cosine of pi f for f from -1/2 to 1/2, each to relative accuracy: polynomials in g^2 on [0, 1/16],
   of degree 6 to 9.9e-18 and 7 to 3e-20, for the distance g from 0 or from 1/2. */
INLINED double gamma_sine(double f, double *cosine)
{
    const double a = fabs(f), outer = a > 0.25 ? 1.0 : 0.0, g = 0.5 * outer + (1 - 2 * outer) * a, w = g * g;
    const double s = g * ((((((0.0004615322415625734 * w - 0.007370021659335902) * w + 0.08214586918509521) * w
                              - 0.5992645289398101) * w + 2.5501640398733785) * w - 5.167712780049954) * w
                          + 3.141592653589793);
    const double c = ((((((-0.00010356753977239448 * w + 0.0019294657587848932) * w - 0.02580688565421505) * w
                         + 0.23533063019094172) * w - 1.3352627688519185) * w + 4.058712126416747) * w
                      - 4.934802200544679) * w + 1.0;
    *cosine = outer * s + (1 - outer) * c;
    return copysign(outer * c + (1 - outer) * s, f);
}

/* The logarithmic derivative of the gamma function.  Its exponential is nearly a straight line: from 1 on it is
   1 + g (1 + v R(v)), where v = 1 / x, the distance g = x - 1.4616... from the root is known to twice the precision,
   and v R(v) is at most 0.04 in size, R of degree 9 over 9 on [0, 1], to 1.2e-17.  So the logarithm of it keeps its
   relative accuracy at the root.  From 0 to 1 from x + 1, below 0 from 1 - x (Abramowitz and Stegun 6.3.5, 6.3.7). */
INLINED double gamma_digamma(double x)
{
    const double below = x < 1 ? 1.0 : 0.0, reflected = gamma_reflected(x), other = x - 2 * reflected * x;
    const double z = below + other, z_low = gamma_sum_low(below, other, z), v = 1 / z;
    double cosine;
    const double sine = gamma_sine(reflected * gamma_fraction(x), &cosine);
    const double pole = (reflected * (GAMMA_PI * cosine) + (below - reflected)) / (sine + (1 - reflected) * x);
    const double p = ((((((((0.0008933925722982165 * v + 0.007336478278350665) * v + 0.32665126325885824) * v
        + 1.2187653209323484) * v + 2.2585117855605628) * v + 2.546332651401568) * v
        + 1.8397081609025487) * v + 0.8661708903595822) * v + 0.2457749271954811) * v
        + 0.03836785503163766;
    const double q = ((((((((0.07205477068243119 * v + 0.8452685819326515) * v + 5.430618028772218) * v
        + 19.92635258251657) * v + 41.22858936370865) * v + 51.67158266070995) * v
        + 40.38042426513902) * v + 20.304125632679526) * v + 6.030097419405944) * v + 1.0;
    const double gap = z - 1.4616321449683622;
    const double gap_low = ((z - gap) - 1.4616321449683622) + (z_low - 9.549995429965697e-17);
    const double bent = gap_low - (gap + gap_low) * (v * p / q);
    const double f = gap + bent, f_low = bent - (f - gap);
    const double value = 1 + f, value_low = gamma_sum_low(1, f, value) + f_low;
    double log_low;
    const double log_high = gamma_log(value, value_low, &log_low);
    const double sum = log_high - pole;
    return sum + (gamma_sum_low(log_high, -pole, sum) + log_low);
}

INLINED int64_t gamma_digamma_rare(double x) { return gamma_rare(x, 1e-300, 1e30); }

static double digamma_float64(double x)
{
    if (!gamma_digamma_rare(x)) return gamma_digamma(x);
    if (isnan(x)) return x;
    if (x == 0) return copysign(INFINITY, -x);
    if (x > 0) return x < 1 ? -1 / x : log(x);
    if (isinf(x) || x == floor(x)) return NAN;
    return x > -1 ? -1 / x : log(-x) - GAMMA_PI / tan(GAMMA_PI * (x - round(x)));
}

/* The derivative of digamma.  From 2 on v + v^2 / 2 + v^3 S(v^2), v = 1 / x, with S rational of degree 6 over 6 on
   [0, 1/4], to 1.8e-16 (of 1/6); from 0 to 2 from x + 2, below 0 from 1 - x (Abramowitz and Stegun 6.4.6, 6.4.7). */
INLINED double gamma_trigamma(double x)
{
    const double reflected = gamma_reflected(x), y = reflected + (x - 2 * reflected * x);
    const double below = y < 2 ? 1.0 : 0.0, first = below / y, second = below / (y + 1);
    const double v = 1 / (y + 2 * below), w = v * v;
    const double p = (((((1.1476796655806216 * w + 25.67979994611108) * w + 77.5680438610878) * w
        + 72.26924637887404) * w + 25.87984552135589) * w + 3.6556163078949617) * w
        + 0.16666666666666666;
    const double q = (((((20.316434542524664 * w + 219.18802155962612) * w + 539.0989751387121) * w
        + 462.56611251735734) * w + 159.562955554894) * w + 22.13369784736957) * w + 1.0;
    const double value = first * first + (second * second + (v + (0.5 * w + w * v * (p / q))));
    double cosine;
    const double sine = gamma_sine(reflected * gamma_fraction(x), &cosine);
    const double pole = reflected * GAMMA_PI / (sine + (1 - reflected));
    return pole * pole + (1 - 2 * reflected) * value;
}

INLINED int64_t gamma_trigamma_rare(double x) { return gamma_rare(x, 1e-150, 1e100); }

static double trigamma_float64(double x)
{
    double sine;
    if (!gamma_trigamma_rare(x)) return gamma_trigamma(x);
    if (isnan(x)) return x;
    if (x > 0) return x < 1 ? (1 / x) * (1 / x) : 1 / x;
    if (isinf(x)) return NAN;
    if (x == floor(x)) return INFINITY;
    /* next to 0, or so far below it that the other term vanishes */
    sine = x > -1 ? x : sin(GAMMA_PI * (x - round(x))) / GAMMA_PI;
    return (1 / sine) * (1 / sine);
}

/* The logarithm of the gamma function.  From 2.5 on Stirling's formula, (x - 1/2) log x - x + log(2 pi) / 2 + v Z(v^2),
   v = 1 / x, its terms to twice the precision, for they cancel; Z is of degree 5 over 5 on [0, 0.16], to 1.6e-18.  From
   1/2 to 2.5 it is (x - 1) (x - 2) U(x), so that its zeros keep their relative accuracy, and U(x) is
   U(3/2) - (x - 3/2) A(x), with A of degree 7 over 8 and an error of 2.2e-17 in U.  Below 1/2 from x + 1. */
INLINED double gamma_lgamma(double x)
{
    const double large = x >= 2.5 ? 1.0 : 0.0, tiny = x < 0.5 ? 1.0 : 0.0, middle = 1 - large;
    const double z = large * 2 + middle * (x + tiny);
    const double first = large + middle * (x - (1 - tiny)), t = z - 1.5;
    const double up = ((((((1.5163406020324945 * z + 51.994259194744345) * z + 417.71148973654925) * z
        + 1131.7824536780236) * z + 1159.5831516781268) * z + 448.9791978512272) * z
        + 56.93946237829629) * z + 1.5196127954752099;
    const double uq = (((((((3.2032361643258134 * z + 127.35634587461817) * z + 1265.9829424355291) * z
        + 4517.845519356695) * z + 6544.464725108133) * z + 3929.181471241746) * z
        + 919.0586452488882) * z + 69.63143058417171) * z + 1.0;
    const double central = first * (first - 1) * (0.4831289505409809 + (1.6718818997178506e-17 - t * (up / uq)));
    const double y = large * x + middle * 2.5, v = 1 / y, w = v * v;
    const double zp = ((((0.09328949185264199 * w + 1.910949572251308) * w + 5.364291833884315) * w
        + 4.233737090364692) * w + 1.1064643233457703) * w + 0.08333333333333333;
    const double zq = ((((1.570062389048529 * w + 24.727042643760143) * w + 65.95984160633147) * w
        + 51.239018115316846) * w + 13.310905213482535) * w + 1.0;
    double log_low;
    const double log_high = gamma_log(x, 0.0, &log_low);
    const double factor = large * (x - 0.5) - tiny;
    const double product = factor * log_high, product_low = gamma_product_low(factor, log_high, product);
    const double minus = large * -x, sum = product + minus, constant = large * 0.9189385332046728;
    const double total = sum + constant;
    const double low = gamma_sum_low(product, minus, sum) + gamma_sum_low(sum, constant, total);
    const double rest = large * (v * (zp / zq) - 3.8782941580672414e-17) + middle * central;
    return total + (rest + (low + (product_low + factor * log_low)));
}

INLINED int64_t gamma_lgamma_rare(double x)
{
    const double tiny = x >= 1e-290 ? 0.0 : 1.0, rare = x <= 1e290 ? tiny : 1.0;
    int64_t bits;
    memcpy(&bits, &rare, sizeof bits);
    return bits;
}

static double lgamma_float64(double x) { return gamma_lgamma_rare(x) ? lgamma(x) : gamma_lgamma(x); }

/* Floats go through a block of doubles: comparisons of floats that select doubles do not become vectors of SSE2. */
#define GAMMA_BLOCK(name) \
    static void name##_block_float64(const double *x, double *out, Py_ssize_t count) \
    { \
        double result[GAMMA_CHUNK]; \
        while (count > 0) { \
            const Py_ssize_t part = count < GAMMA_CHUNK ? count : GAMMA_CHUNK; \
            int64_t rare = 0; \
            EACH(part) \
            { \
                rare |= gamma_##name##_rare(x[i]); \
                result[i] = gamma_##name(x[i]); \
            } \
            if (rare) { \
                for (Py_ssize_t i = 0; i < part; i++) \
                    if (gamma_##name##_rare(x[i])) result[i] = name##_float64(x[i]); \
            } \
            memcpy(out, result, (size_t)part * sizeof(double)); \
            x += part; \
            out += part; \
            count -= part; \
        } \
    } \
    static float name##_float32(float x) { return (float)name##_float64((double)x); } \
    static void name##_block_float32(const float *x, float *out, Py_ssize_t count) \
    { \
        double block[GAMMA_CHUNK]; \
        while (count > 0) { \
            const Py_ssize_t part = count < GAMMA_CHUNK ? count : GAMMA_CHUNK; \
            EACH(part) block[i] = x[i]; \
            name##_block_float64(block, block, part); \
            EACH(part) out[i] = (float)block[i]; \
            x += part; \
            out += part; \
            count -= part; \
        } \
    }
GAMMA_BLOCK(digamma)
GAMMA_BLOCK(trigamma)
GAMMA_BLOCK(lgamma)

#endif
