/* Functions that neither NumPy nor IEEE 754 has: what a row of rules/ calls NAME is here NAME_float64, NAME_float32.

   Each states its accuracy, which tests/test_special.py holds against 50 digits; float32 is computed in double and
   rounded. */
#ifndef AUTODIFF_SPECIAL_H
#define AUTODIFF_SPECIAL_H

#include <math.h>

#define AUTODIFF_PI 3.141592653589793

/* pi / tan(pi x) with the argument reduced first: x is far from 0 where it is asked for. */
static inline double pi_cotangent(double x)
{
    const double fraction = x - round(x);
    return fabs(fraction) == 0.5 ? 0 : AUTODIFF_PI / tan(AUTODIFF_PI * fraction);
}

/* n! / x^(n + 1), factor by factor where the power alone underflows. */
static double factorial_over_power(int n, double factorial, double x)
{
    double value = pow(x, -(n + 1));
    int k;
    if (value > 1e-290) return factorial * value;
    for (value = 1 / x, k = 1; k <= n; k++) value *= k / x;
    return value;
}

/* n! times the sum over k of (x + k)^-(n + 1), n >= 1, for x > 0: terms one by one up to 13 + n, the rest by the formula
   of Euler and Maclaurin (Abramowitz and Stegun 23.2.7). */
static double factorial_times_zeta(int n, double x)
{
    /* B_2k / (2k)! */
    static const double bernoulli[12] = {
        0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07, 2.08767569878681e-08,
        -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225828e-13, 8.586062056277845e-15,
        -2.174868698558062e-16, 5.509002828360229e-18, -1.3954464685812523e-19};
    double factorial = 1, sum = 0, power, factor = n + 1;
    int i;
    for (i = 2; i <= n; i++) factorial *= i;
    for (; x < 13 + n; x += 1) sum += factorial_over_power(n, factorial, x);
    power = factorial_over_power(n, factorial, x);
    /* not power * x: the power may have underflowed where the product does not */
    sum += factorial_over_power(n - 1, factorial / n, x) + 0.5 * power;
    power /= x;
    for (i = 0; i < 12; i++) {
        const double term = bernoulli[i] * factor * power;
        sum += term;
        if (fabs(term) <= 1e-17 * fabs(sum)) break;
        factor *= (double)(n + 2 * i + 2) * (n + 2 * i + 3);
        power /= x * x;
    }
    return sum;
}

/* The n-th derivative of pi / tan(pi x), as a polynomial in the cotangent: each derivative maps p(c) to
   -pi (1 + c^2) p'(c). */
static double cotangent_derivative(int n, double x)
{
    double p[104] = {0, 1}, q[104];
    const double c = pi_cotangent(x) / AUTODIFF_PI;
    double value = 0;
    int i, k;
    for (k = 0; k < n; k++) {
        for (i = 0; i < 104; i++) q[i] = 0;
        for (i = 1; i <= k + 1; i++) {
            q[i - 1] -= AUTODIFF_PI * i * p[i];
            q[i + 1] -= AUTODIFF_PI * i * p[i];
        }
        for (i = 0; i < 104; i++) p[i] = q[i];
    }
    for (i = n + 1; i >= 0; i--) value = p[i] + value * c;
    return AUTODIFF_PI * value;
}

/* The n-th derivative of digamma, (-1)^(n+1) n! zeta(n + 1, x) (Abramowitz and Stegun 6.4.10), below 0 by reflection
   (6.4.7).  The order is a whole number; at most 100, beyond which doubles overflow for most x.  Above 0 at most 10 ulp for
   orders up to 20, 20 ulp beyond. */
static double polygamma_at_float64(double x, double order)
{
    double value;
    int n;
    if (isnan(x) || isnan(order) || order < 0 || order > 100) return NAN;
    n = (int)order;
    if (n == 0) return digamma_float64(x);
    if (n == 1) return trigamma_float64(x);
    if (isinf(x)) return x > 0 ? 0.0 : NAN;
    if (x <= 0 && x == floor(x)) return n % 2 ? INFINITY : x == 0 ? copysign(INFINITY, -x) : NAN;
    if (x < 0) {
        value = polygamma_at_float64(1 - x, order);
        return (n % 2 ? -value : value) - cotangent_derivative(n, x);
    }
    value = factorial_times_zeta(n, x);
    return n % 2 ? value : -value;
}
static inline float polygamma_at_float32(float x, float order) { return (float)polygamma_at_float64(x, order); }

/* 1 - x * x, at most 1.5 ulp: 1 - x is exact from a half on. */
static inline double one_minus_square_float64(double x) { return (1 - x) * (1 + x); }
static inline float one_minus_square_float32(float x) { return (1 - x) * (1 + x); }

/* x - y, rounded once; 0 of equal operands, the infinities among them. */
static inline double difference_float64(double x, double y) { return x == y ? 0.0 : x - y; }
static inline float difference_float32(float x, float y) { return x == y ? 0.0f : x - y; }

/* x / hypot(x, y), at most 2 ulp. */
static inline double cosine_of_float64(double x, double y) { return x / hypot_float64(x, y); }
static inline float cosine_of_float32(float x, float y) { return x / hypot_float32(x, y); }

/* The quotient rounded towards zero: exact roundings both. */
static inline double trunc_quotient_float64(double x, double y) { return trunc(x / y); }
static inline float trunc_quotient_float32(float x, float y) { return truncf(x / y); }

#include "special_more.h"

#endif
