/* Special functions of PyTorch's module: what a row of rules/special.py calls NAME is here NAME_float64, NAME_float32.

   Series, continued fractions and integrals by the trapezoidal rule, which converges exponentially for integrands that vanish
   at both ends (Abramowitz and Stegun 6.5, 9.6, 10.4; Trefethen and Weideman 2014).  Each states its accuracy, which
   tests/test_special_functions.py holds against 50 digits; float32 is computed in double and rounded.  Every loop ends: its
   count does not depend on an operand without a bound. */
#ifndef AUTODIFF_SPECIAL_MORE_H
#define AUTODIFF_SPECIAL_MORE_H

#define AUTODIFF_OF_ONE(name) \
    static inline float name##_float32(float x) { return (float)name##_float64((double)x); }
#define AUTODIFF_OF_TWO(name) \
    static inline float name##_float32(float x, float y) { return (float)name##_float64((double)x, (double)y); }

/* ---- the error function's relatives */

/* 2^1023 as bits: the divisor overflows. */
#define ERFCX_BELOW UINT64_C(0x7fe0000000000000)

/* exp(x * x) erfc(x), at most 4 ulp: (1 + 2 a) erfcx(a) as a polynomial in t = (a - 3.75) / (a + 3.75) of degree 25 (Shepherd
   and Laframboise 1981), error 2^-53; of negative numbers, what is left of 2 exp(x^2), x^2 as a sum of two doubles. */
INLINED double erfcx_common_float64(double x, uint64_t *rare)
{
    double high, low;
    const double a = fabs(x), t = (a - 3.75) / (a + 3.75), t2 = t * t, t4 = t2 * t2;
    const double f = t * (-0.1402405985855471 + t * (0.0035854154854644293 + t * 0.08227673849015102))
        + t4 * (cubic(-0.10880393014174886, 0.09230432116019834,
                      -0.05869339858963677, 0.0283622774215156, t, t2)
        + t4 * (cubic(-0.009746579558029276, 0.0017556258324217529,
                      0.0002937136655913448, -0.00029015397928986765, t, t2)
        + t4 * (cubic(5.164909889268241e-05, 2.2383912036550678e-05,
                      -1.1444146237700524e-05, -9.72849582211122e-07, t, t2)
        + t4 * (cubic(1.751637648849062e-06, -5.826281078800777e-08,
                      -2.5866850716155884e-07, 2.4289762925488707e-08, t, t2)
        + t4 * (cubic(3.8675334242222354e-08, -4.389284159986328e-09,
                      -5.1739902140113095e-09, 5.457157304704688e-10, t, t2)
        + t4 * (4.2514714447963895e-10 + t * -3.75315827795962e-11))))));
    const double tail = (1.2375126308378275 + f) / (1 + 2 * a);
    const double y = at_most(a, 27), upper = upper_half(y);
    const uint64_t n = exp_parts(upper * upper, 0 - (y - upper) * (y + upper), &high, &low);
    const double twice = (high + low) * half_power(n) * (2 * other_half_power(n));
    *rare = ERFCX_BELOW - 1 - bits_of(a);
    return select_bits(spread(bits_of(x)), twice - tail, tail);
}

static double erfcx_rare(double x) { return x < 0 ? INFINITY : 0.5641895835477563 / x; }
INLINED double erfcx_common_float32(float x, uint64_t *rare) { return erfcx_common_float64((double)x, rare); }
AUTODIFF_VECTOR_RARE(erfcx, double, float64)
AUTODIFF_VECTOR_RARE(erfcx, float, float32)

/* The logarithm of the normal distribution function, at most 4 ulp: above -1 that of 1 - q, q the function of -x, and what the
   rounding of 1 - q left; below, the logarithm of erfcx(-x / sqrt(2)) / 2, less x^2 / 2.  One logarithm serves both. */
static double log_ndtr_rare(double x)
{
    if (isnan(x)) return x;
    if (x > 0) return -normal_cdf_float64(-x);
    return log(0.5 * erfcx_float64(-0.7071067811865476 * x)) - 0.5 * x * x;
}

/* 38 as bits: beyond are denormal numbers. */
#define LOG_NDTR_BELOW UINT64_C(0x4043000000000000)

INLINED double log_ndtr_common_float64(double x, uint64_t *rare)
{
    const uint64_t magnitude = bits_of(x) & ~SIGN_BIT;
    const double y = at_most(fabs(x), 39.5), a = y * 0.7071067811865476;
    const double f = 1.2423492448711544 + erfc_bend((a - 3.5) / (a + 3.5)), tail = 0.5 * f / (1 + 2 * a);
    const double q = normal_cdf_float64(0 - x), rest = 1 - q;
    const uint64_t below = spread(bits_of(x) & (bits_of(1.0) - 1 - magnitude));
    const double logarithm = log_of_normal(select_bits(below, tail, rest));
    *rare = LOG_NDTR_BELOW - 1 - magnitude;
    return logarithm + select_bits(below, 0 - 0.5 * (x * x), ((1 - rest) - q) / rest);
}
INLINED double log_ndtr_common_float32(float x, uint64_t *rare) { return log_ndtr_common_float64((double)x, rare); }
AUTODIFF_VECTOR_RARE(log_ndtr, double, float64)
AUTODIFF_VECTOR_RARE(log_ndtr, float, float32)

/* exp(-5) as bits: where the common way of erfinv ends. */
#define NDTRI_FROM UINT64_C(0x3f7b993fe00d5377)

/* The inverse of the normal distribution function, at most 4 ulp: sqrt(2) erfinv(2 p - 1), of which 4 p (1 - p), that is
   1 - (2 p - 1)^2, keeps its digits towards 0.  NaN goes the common way. */
INLINED double ndtri_common_float64(double p, uint64_t *rare)
{
    const double rest = 4 * p * (1 - p);
    *rare = (bits_of(rest) - NDTRI_FROM) | bits_of(rest);
    return 1.4142135623730951 * erfinv_of(2 * p - 1, rest);
}
INLINED double ndtri_common_float32(float x, uint64_t *rare)
{
    const double p = (double)x, rest = 4 * p * (1 - p);
    *rare = (bits_of(rest) - NDTRI_FROM) | bits_of(rest);
    return 1.4142135623730951 * short_erfinv_of(2 * p - 1, rest);
}

/* Below 5e-17 steps of Newton's method on the logarithm, of which the tail is nearly a parabola. */
static double ndtri_rare(double p)
{
    const double q = p > 0.5 ? 1 - p : p;
    double target, x;
    int i;
    if (!(q >= 0)) return NAN;
    if (q == 0) return p > 0.5 ? INFINITY : -INFINITY;
    if (q > 5e-17) return 1.4142135623730951 * erfinv_towards_one(2 * p - 1, 4 * q * (1 - q));
    target = log(q);
    x = -sqrt(-2 * target);
    x = -sqrt(-2 * (target + log(2.5066282746310002 * (1 - x))));
    for (i = 0; i < 8; i++) {
        const double tail = erfcx_float64(-0.7071067811865476 * x);
        const double step = (log(0.5 * tail) - 0.5 * x * x - target) * tail * 1.2533141373155003;
        x -= step;
        if (fabs(step) <= 1e-16 * fabs(x)) break;
    }
    return p > 0.5 ? -x : x;
}
AUTODIFF_VECTOR_RARE(ndtri, double, float64)
AUTODIFF_VECTOR_RARE(ndtri, float, float32)

/* ---- modified Bessel functions */

/* exp(-|x|) I_n(x) for a whole order, at most 100; at most 4 ulp for orders up to 2. */
static inline double bessel_ie_at_float64(double x, double order)
{
    const double size = fabs(x), n = fabs(order);
    double value, term;
    int i, k;
    if (isnan(x) || isnan(order) || n > 100 || n != floor(n)) return NAN;
    if (isinf(x)) return 0;
    if (size == 0) return n == 0;
    if (size <= 5 || n * n > size) {
        const double quarter = 0.25 * size * size;
        /* terms beyond are below 1e-17 of the sum: their quotient is quarter / (k * (k + n)) */
        int last = (int)(1.5 * size) + 20;
        double sum = 1;
        for (k = last; k > 0; k--) sum = 1 + sum * quarter / (k * (k + n));
        if (size <= 20) {
            term = exp(-size);
            for (i = 1; i <= (int)n; i++) term *= 0.5 * size / i;
        }
        else {
            /* the sum alone may overflow */
            double scaled = 1, logarithm = n * log(0.5 * size) - lgamma(n + 1) - size;
            term = exp(logarithm);
            if (size > 600) {
                sum = scaled = 1;
                for (k = 1; k <= last; k++) {
                    scaled *= quarter / (k * (k + n));
                    sum += scaled;
                    if (sum > 1e250) {
                        sum *= 1e-250;
                        scaled *= 1e-250;
                        logarithm += 575.6462732485114;
                    }
                }
                term = exp(logarithm + log(sum));
                sum = 1;
            }
        }
        value = sum * term;
    }
    else {
        /* the mean of exp(size (cos t - 1)) cos(n t) over the circle, of which the rest is below 1e-17 */
        const double h = size <= 20 ? AUTODIFF_PI / 26 : 0.55 / sqrt(size);
        double sum = 0;
        for (k = 26; k > 0; k--) {
            const double t = k * h, sine = sin(0.5 * t), part = 2 * (size * sine * sine);
            if (t > AUTODIFF_PI + 0.01 || part > 44) continue;
            sum += (size <= 20 && k == 26 ? 0.5 : 1) * exp(-part) * cos(n * t);
        }
        value = (sum + 0.5) * h / AUTODIFF_PI;
    }
    return x < 0 && fmod(n, 2) == 1 ? -value : value;
}
AUTODIFF_OF_TWO(bessel_ie_at)

static inline double bessel_i_at_float64(double x, double order)
{
    const double half = exp(0.5 * fabs(x)), value = bessel_ie_at_float64(x, order);
    if (fabs(x) < 700) return value * exp(fabs(x));
    return isinf(x) ? (x < 0 && fmod(order, 2) != 0 ? -INFINITY : INFINITY) : value == 0 ? value : value * half * half;
}
AUTODIFF_OF_TWO(bessel_i_at)

/* exp(-x) I_n(x), n 0 or 1, x >= 5: sqrt(x) times it is a Chebyshev series in 10 / x - 1, error 2^-57. */
static inline double bessel_ie_large(double x, int n)
{
    static const double series[2][35] = {
        {
            0.4044577340778298, 0.005714768941910546, 0.0002158110355137304, 1.874401752351061e-05,
            2.5299292200895426e-06, 2.536747313503637e-07, -6.20321645950703e-08, -4.24631487119005e-08,
            -7.141085056396496e-09, 2.5529165900900583e-09, 1.3111237009021286e-09, -1.055289296564517e-10,
            -1.8282568165033088e-10, 6.65116752604748e-13, 2.67966038808693e-11, 8.622090330059457e-14,
            -4.316268242688192e-12, 2.1925999434663442e-13, 7.339990557484626e-13, -1.193951112097695e-13,
            -1.2077686931027156e-13, 4.2007439154149955e-14, 1.6257475148602224e-14, -1.1812309556410877e-14,
            -7.389898586303911e-16, 2.6929463567123086e-15, -5.464922203717869e-16, -4.444340309305113e-16,
            2.565251945136121e-16, 2.156207877432234e-17, -6.742042374668331e-17, 1.8405257659671875e-17,
            9.468647425587971e-18, -8.139666072586848e-18, 1.7131352277134467e-18
        },
        {
            0.3831350530666097, -0.016120043654783582, -0.0003343392554978494, -2.4251071241808136e-05,
            -3.0735856662400436e-06, -3.2157599084353217e-07, 6.047043717565863e-08, 4.6217617603891714e-08,
            8.425557510227221e-09, -2.5465525645367832e-09, -1.434541520558392e-09, 8.429559541087986e-11,
            1.9447794225710084e-10, 3.000794464067703e-12, -2.815470064501638e-11, -6.266129459838372e-13,
            4.5243406955915135e-12, -1.4437969622755693e-13, -7.729604534575911e-13, 1.1059666469142281e-13,
            1.2864952798324204e-13, -4.157639431958375e-14, -1.7794647744202283e-14, 1.2024200111566102e-14,
            9.963686131108378e-16, -2.7955528768179305e-15, 5.191123811207788e-16, 4.735331559683188e-16,
            -2.5898772321101696e-16, -2.7228163942803243e-17, 6.979368695077927e-17, -1.7907943850745545e-17,
            -1.0188389812008096e-17, 8.270912340462221e-18, -1.5995969019608378e-18
        }};
    const double t = 10 / x - 1;
    double b = 0, c = 0;
    int i;
    for (i = 34; i > 0; i--) {
        const double next = 2 * t * b - c + series[n][i];
        c = b;
        b = next;
    }
    return (t * b - c + series[n][0]) / sqrt(x);
}

/* (I_0(x) - 1) / q and (2 I_1(x) / x - 1) / q, q = (x / 2)^2, up to 5: polynomials of positive coefficients, error 2^-63.
   Beyond, the rounding error of q would count more than twice. */
INLINED double bessel_i0_bend(double q)
{
    const double q2 = q * q, q4 = q2 * q2;
    return cubic(1.0, 0.25, 0.02777777777777783, 0.0017361111111109334, q, q2)
        + q4 * (cubic(6.944444444476886e-05, 1.929012345326608e-06, 3.936759913690267e-08, 6.151186182137991e-10, q, q2)
        + q4 * (cubic(7.59409490030001e-12, 7.593262413597716e-14, 6.2877675881724805e-16, 4.248470742854215e-18, q, q2)
        + q4 * 3.1709745308187595e-20));
}
INLINED double bessel_i1_bend(double q)
{
    const double q2 = q * q, q4 = q2 * q2;
    return cubic(0.5, 0.08333333333333333, 0.0069444444444444475, 0.0003472222222222105, q, q2)
        + q4 * (cubic(1.1574074074095464e-05, 2.755731922166211e-07, 4.92094987761631e-09, 6.834651830284687e-11, q, q2)
        + q4 * (cubic(7.594082492105057e-13, 6.903164080688012e-15, 5.2377855830116393e-17, 3.2799442829340133e-19,
                      q, q2)
        + q4 * 2.2342515617316016e-21));
}

INLINED double bessel_i_small(double x, int n)
{
    const double q = 0.25 * x * x;
    return n ? 0.5 * x * (1 + q * bessel_i1_bend(q)) : 1 + q * bessel_i0_bend(q);
}

/* 5 as bits. */
#define BESSEL_BELOW UINT64_C(0x4014000000000000)

/* I_0, I_1 and the scaled ones, at most 4 ulp: by these polynomials, and beyond by the series. */
static double bessel_i_rare(double x, int n)
{
    const double size = fabs(x), half = exp(0.5 * size);
    double value;
    if (isnan(x) || isinf(x)) return n ? x : fabs(x);
    value = bessel_ie_large(size, n);
    value = size < 709 ? value * exp(size) : value * half * half;
    return n && x < 0 ? -value : value;
}
static double i0_rare(double x) { return bessel_i_rare(x, 0); }
static double i1_rare(double x) { return bessel_i_rare(x, 1); }
INLINED double i0_common_float64(double x, uint64_t *rare)
{
    *rare = BESSEL_BELOW - (bits_of(x) & ~SIGN_BIT);
    return bessel_i_small(x, 0);
}
INLINED double i1_common_float64(double x, uint64_t *rare)
{
    *rare = BESSEL_BELOW - (bits_of(x) & ~SIGN_BIT);
    return bessel_i_small(x, 1);
}
INLINED double i0_common_float32(float x, uint64_t *rare) { return i0_common_float64((double)x, rare); }
INLINED double i1_common_float32(float x, uint64_t *rare) { return i1_common_float64((double)x, rare); }
AUTODIFF_VECTOR_RARE(i0, double, float64)
AUTODIFF_VECTOR_RARE(i1, double, float64)
AUTODIFF_VECTOR_RARE(i0, float, float32)
AUTODIFF_VECTOR_RARE(i1, float, float32)

static inline double bessel_ie_of(double x, int n)
{
    const double size = fabs(x);
    double value;
    if (isnan(x)) return x;
    if (isinf(x)) return 0;
    value = size > 5 ? bessel_ie_large(size, n) : exp(-size) * bessel_i_small(size, n);
    return n && x < 0 ? -value : value;
}
static inline double i0e_float64(double x) { return bessel_ie_of(x, 0); }
static inline double i1e_float64(double x) { return bessel_ie_of(x, 1); }
AUTODIFF_OF_ONE(i0e)
AUTODIFF_OF_ONE(i1e)

/* exp(x) K_nu(x), x >= 0.1: the integral of exp(-x (cosh t - 1)) cosh(nu t) by the trapezoidal rule. */
static inline double bessel_k_scaled(double nu, double x)
{
    /* the rule errs by the integrand's Fourier transform at 2 pi / h, which is below 1e-17 */
    const double h = x < 66 ? 9.8696 / (40 + x) : 0.7 / sqrt(x);
    double sum = 0;
    int k;
    for (k = 32; k > 0; k--) {
        const double t = k * h, sine = sinh(0.5 * t), part = 2 * (x * sine * sine);
        if (part > 44) continue;
        sum += exp(-part) * cosh(nu * t);
    }
    return h * (sum + 0.5);
}

/* K_0, K_1 of 0 < x <= 1 by their series (Abramowitz and Stegun 9.6.11), scaled or not: at most 4 ulp. */
static inline double bessel_k_small(double x, int n)
{
    const double quarter = 0.25 * x * x, log_half = log(0.5 * x) + 0.5772156649015329;
    double term = 1, harmonic = 0, sum = 0;
    int k;
    if (n == 0) {
        for (k = 1; k <= 12; k++) {
            term *= quarter / ((double)k * k);
            harmonic += 1.0 / k;
            sum += term * harmonic;
        }
        return sum - log_half * bessel_i_small(x, 0);
    }
    for (k = 0; k <= 12; k++) {
        /* psi(k + 1) + psi(k + 2), but for twice Euler's constant, which is with the logarithm */
        sum += term * (2 * harmonic + 1.0 / (k + 1));
        harmonic += 1.0 / (k + 1);
        term *= quarter / ((k + 1.0) * (k + 2.0));
    }
    return 1 / x + log_half * bessel_i_small(x, 1) - 0.25 * x * sum;
}

static inline double bessel_k(double x, int n, int scaled)
{
    if (isnan(x) || x < 0) return NAN;
    if (x == 0) return INFINITY;
    if (isinf(x)) return 0;
    if (x <= 1) return bessel_k_small(x, n) * (scaled ? exp(x) : 1);
    return bessel_k_scaled(n, x) * (scaled ? 1 : exp(-x));
}
static inline double modified_bessel_k0_float64(double x) { return bessel_k(x, 0, 0); }
static inline double modified_bessel_k1_float64(double x) { return bessel_k(x, 1, 0); }
static inline double scaled_modified_bessel_k0_float64(double x) { return bessel_k(x, 0, 1); }
static inline double scaled_modified_bessel_k1_float64(double x) { return bessel_k(x, 1, 1); }
AUTODIFF_OF_ONE(modified_bessel_k0)
AUTODIFF_OF_ONE(modified_bessel_k1)
AUTODIFF_OF_ONE(scaled_modified_bessel_k0)
AUTODIFF_OF_ONE(scaled_modified_bessel_k1)

/* ---- Bessel functions: the C library's, whose error is of the size of 1e-16 of the amplitude, sqrt(2 / (pi x)) */

static inline double bessel_j0_float64(double x) { return isinf(x) ? 0 : j0(x); }
static inline double bessel_j1_float64(double x) { return isinf(x) ? 0 : j1(x); }
static inline double bessel_y0_float64(double x) { return x < 0 ? NAN : x == 0 ? -INFINITY : isinf(x) ? 0 : y0(x); }
static inline double bessel_y1_float64(double x) { return x < 0 ? NAN : x == 0 ? -INFINITY : isinf(x) ? 0 : y1(x); }
AUTODIFF_OF_ONE(bessel_j0)
AUTODIFF_OF_ONE(bessel_j1)
AUTODIFF_OF_ONE(bessel_y0)
AUTODIFF_OF_ONE(bessel_y1)

/* Of a whole order, at most 100 in magnitude. */
static inline double bessel_j_at_float64(double x, double order)
{
    if (isnan(x) || isnan(order) || fabs(order) > 100 || order != floor(order)) return NAN;
    return isinf(x) ? 0 : jn((int)order, x);
}
AUTODIFF_OF_TWO(bessel_j_at)

/* ---- Airy's function */

/* 2/3 x^(3/2) in two parts, for x > 0. */
static inline double airy_argument(double x, double *low)
{
    const double root = sqrt(x), product = x * root;
    const double third = 2 * product / 3;
    *low = (2 * (fma(x, root, -product) + x * fma(-root, root, x) / (2 * root)) + fma(-3, third, 2 * product)) / 3;
    return third;
}

/* The integral of exp(-z sinh s tanh s) (1 + i / cosh s) cosh(nu (s + i gd s)), by which the Hankel function of the order nu is
   its asymptotic form, as real and imaginary part: along the path of steepest descent nothing oscillates. */
static inline void hankel_parts(double nu, double z, double *real, double *imaginary)
{
    const double h = z < 60 ? 6.28 / (40 + 1.31 * z) : 0.45 / sqrt(z);
    double a = 0, b = 0;
    int k;
    for (k = 60; k > 0; k--) {
        const double s = k * h, sine = sinh(s), inverse = 1 / cosh(s);
        const double part = z * sine * sine * inverse, angle = nu * atan(sine);
        double weight, c, d;
        if (part > 44) continue;
        weight = exp(-part);
        c = weight * cosh(nu * s) * cos(angle);
        d = weight * sinh(nu * s) * sin(angle);
        a += c - inverse * d;
        b += inverse * c + d;
    }
    *real = h * (a + 0.5);
    *imaginary = h * (b + 0.5);
}

/* Ai (0) or its derivative (1).  Within 0.35 of 0 the power series; above K of 1/3 and 2/3: at most 6 ulp; below, an error of
   the size of 4e-16 of the amplitude, and of the last digit of x where that turns the phase. */
static inline double airy_ai_of(double x, int derivative)
{
    double z, low, a, b;
    if (isnan(x)) return x;
    if (isinf(x)) return derivative && x < 0 ? NAN : 0;
    if (fabs(x) <= 0.35) {
        const double cube = x * x * x;
        double f = 1, g = 1, sum_f = derivative ? 0 : 1, sum_g = 1;
        int k;
        for (k = 1; k <= 8; k++) {
            f *= cube / ((3.0 * k - 1) * (3 * k));
            g *= cube / ((3.0 * k) * (3 * k + 1));
            sum_f += derivative ? 3 * k * f : f;
            sum_g += derivative ? (3 * k + 1) * g : g;
        }
        if (derivative) return (x == 0 ? 0 : 0.3550280538878172 * sum_f / x) - 0.2588194037928068 * sum_g;
        return 0.3550280538878172 * sum_f - 0.2588194037928068 * x * sum_g;
    }
    if (x > 0) {
        z = airy_argument(x, &low);
        if (z > 800) return derivative ? -0.0 : 0;
        a = exp(-z) * (1 - low);
        return derivative ? -x * 0.18377629847393068 * bessel_k_scaled(2.0 / 3, z) * a
                          : 0.18377629847393068 * sqrt(x) * bessel_k_scaled(1.0 / 3, z) * a;
    }
    z = airy_argument(-x, &low);
    if (isinf(z)) return NAN;
    hankel_parts(derivative ? 2.0 / 3 : 1.0 / 3, z, &a, &b);
    {
        const double sine = sin(z), cosine = cos(z), s = sine + low * cosine, c = cosine - low * sine;
        return derivative ? 0.3675525969478614 * x * (a * c - b * s) : 0.3675525969478614 * sqrt(-x) * (a * s + b * c);
    }
}
static inline double airy_ai_float64(double x) { return airy_ai_of(x, 0); }
static inline double airy_ai_prime_float64(double x) { return airy_ai_of(x, 1); }
AUTODIFF_OF_ONE(airy_ai)
AUTODIFF_OF_ONE(airy_ai_prime)

/* ---- the incomplete gamma function */

/* log Gamma(1 + a) for |a| <= 1/2, relative to itself. */
static inline double lgamma_of_1_plus(double a)
{
    static const double lg1[49] = {
        -0.5772156649015329, 0.8224670334241132, -0.40068563438653143, 0.27058080842778454, -0.20738555102867398,
        0.1695571769974082, -0.1440498967688461, 0.12550966952474304, -0.11133426586956469, 0.1000994575127818,
        -0.09095401714582904, 0.083353840546109, -0.0769325164113522, 0.07143294629536133, -0.06666870588242046,
        0.06250095514121304, -0.058823978658684585, 0.055555767627403614, -0.05263167937961666, 0.05000004769810169,
        -0.047619070330142226, 0.04545455629320467, -0.04347826605304026, 0.04166666915034121, -0.04000000119214014,
        0.03846153903467518, -0.037037037312989324, 0.035714285847333355, -0.034482758684919304,
        0.03333333336437758, -0.03225806453115042, 0.03125000000727597, -0.030303030306558044, 0.029411764707594344,
        -0.02857142857226011, 0.027777777778181998, -0.027027027027223673, 0.02631578947377995,
        -0.025641025641072283, 0.025000000000022737, -0.024390243902450117, 0.023809523809529224,
        -0.023255813953491015, 0.02272727272727402, -0.022222222222222855, 0.021739130434782917,
        -0.021276595744681003, 0.02083333333333341, -0.02040816326530616};
    double sum = 0;
    int i;
    for (i = 48; i >= 0; i--) sum = lg1[i] + a * sum;
    return a * sum;
}

/* mu - log(1 + mu), of which the terms cancel near 0. */
static inline double less_log1p(double mu)
{
    double sum = 0, power;
    int k;
    if (fabs(mu) > 0.3) return mu - log1p(mu);
    power = mu / (2 + mu);
    /* log(1 + mu) = 2 atanh(power): mu - 2 power = mu power */
    for (k = 25; k > 0; k--) sum = 1.0 / (2 * k + 1) + power * power * sum;
    return power * (mu - 2 * power * power * sum);
}

/* x^a exp(-x) / Gamma(a + 1). */
static inline double gamma_term(double a, double x)
{
    static const double stirling[9] = {
        0.08333333333333333, -0.002777777777777778, 0.0007936507936507937, -0.0005952380952380953,
        0.0008417508417508417, -0.0019175269175269176, 0.00641025641025641, -0.029550653594771242,
        0.17964437236883057};
    double sum = 0;
    int i;
    if (a < 20) {
        /* Gamma(a) * a: the sum a + 1 would be rounded */
        const double power = pow(x, a) * exp(-x);
        if (power > 1e-290 && power < 1e290) return a < 1e-290 ? power : power / (tgamma(a) * a);
        return exp(a * log(x) - x - lgamma(a + 1));
    }
    for (i = 8; i >= 0; i--) sum = stirling[i] + sum / (a * a);
    return exp(-a * less_log1p((x - a) / a) - sum / a) / sqrt(2 * AUTODIFF_PI * a);
}

/* The lower (0) or upper (1) function of a > 0, x > 0: at most 10 ulp where a <= 200 and 40 ulp beyond.
   Series and continued fraction up to a = 1e4 (Abramowitz and Stegun 6.5.29, 6.5.31); beyond Temme's expansion (1979). */
static inline double incomplete_gamma(double a, double x, int upper)
{
    double sum, term, value;
    int k;
    if (isnan(a) || isnan(x) || a < 0 || x < 0 || (a == 0 && x == 0) || (isinf(a) && isinf(x))) return NAN;
    if (a == 0 || isinf(x)) return !upper;
    if (x == 0 || isinf(a)) return upper;
    if (a > 1e4) {
        static const double zero[26] = {
            -0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073,
            0.0003527336860670194, -0.0001787551440329218, 3.919263178522438e-05, -2.185448510679992e-06,
            -1.85406221071516e-06, 8.296711340953087e-07, -1.7665952736826078e-07, 6.707853543401498e-09,
            1.0261809784240309e-08, -4.382036018453353e-09, 9.14769958223679e-10, -2.5514193994946248e-11,
            -5.830772132550426e-11, 2.4361948020667415e-11, -5.0276692801141755e-12, 1.1004392031956135e-13,
            3.371763262400985e-13, -1.392388722418162e-13, 2.8534893807047445e-14, -5.139111834242572e-16,
            -1.9752288294349442e-15, 8.099521156704561e-16};
        static const double one[18] = {
            -0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596,
            0.00020576131687242798, -4.018775720164609e-07, -1.8098550334489977e-05, 7.64916091608111e-06,
            -1.6120900894563446e-06, 4.647127802807434e-09, 1.378633446915721e-07, -5.752545603517705e-08,
            1.1951628599778148e-08, -1.7543241719747647e-11, -1.0091543710600413e-09, 4.162792991842583e-10,
            -8.56390702649298e-11, 6.067215101604758e-14};
        static const double two[12] = {
            0.004133597883597883, -0.0026813271604938273, 0.0007716049382716049, 2.0093878600823047e-06,
            -0.0001073665322636516, 5.2923448829120125e-05, -1.2760635188618728e-05, 3.423578734096138e-08,
            1.3721957309062934e-06, -6.298992138380055e-07, 1.4280614206064242e-07, -2.0477098421990866e-10};
        static const double three[8] = {
            0.0006494341563786008, 0.00022947209362139917, -0.0004691894943952557, 0.00026772063206283885,
            -7.561801671883977e-05, -2.396505113867297e-07, 1.1082654115347302e-05, -5.6749528269915965e-06};
        const double mu = (x - a) / a, half = less_log1p(mu), eta = copysign(sqrt(2 * half), mu);
        double c0 = 0, c1 = 0, c2 = 0, c3 = 0, rest;
        if (half * a > 800) return (mu > 0) != upper;
        for (k = 25; k >= 0; k--) c0 = zero[k] + eta * c0;
        for (k = 17; k >= 0; k--) c1 = one[k] + eta * c1;
        for (k = 11; k >= 0; k--) c2 = two[k] + eta * c2;
        for (k = 7; k >= 0; k--) c3 = three[k] + eta * c3;
        rest = exp(-a * half) / sqrt(2 * AUTODIFF_PI * a) * (c0 + (c1 + (c2 + c3 / a) / a) / a);
        value = sqrt(a * half);
        if (upper) return 0.5 * erfc_float64(mu > 0 ? value : -value) + rest;
        return 0.5 * erfc_float64(mu > 0 ? -value : value) - rest;
    }
    if (x < 1.1 && a < 1 && upper) {
        /* 1 - x^a / Gamma(1 + a), and the rest of the series of the lower function, which has x as a factor */
        const double log_power = a * log(x) - (a <= 0.5 ? lgamma_of_1_plus(a) : lgamma(1 + a));
        sum = 0;
        term = 1;
        for (k = 1; k <= 40; k++) {
            term *= -x / k;
            sum += term / (a + k);
        }
        return -expm1(log_power) - a * exp(log_power) * sum;
    }
    if (x < (a > 1 ? a : 1)) {
        sum = term = 1;
        for (k = 1; k <= 4000; k++) {
            term *= x / (a + k);
            sum += term;
            if (term < 1e-17 * sum) break;
        }
        value = gamma_term(a, x) * sum;
        return upper ? 1 - value : value;
    }
    {
        /* 1 / (x + 1 - a - 1 (1 - a) / (x + 3 - a - ...)) from its end, which is about as far as that of the series */
        double h = 0;
        for (k = (int)(30 + 110 / x + 10 * sqrt(a)); k > 0; k--) h = k * (k - a) / (x + 2 * k + 1 - a - h);
        h = 1 / (x + 1 - a - h);
        value = gamma_term(a, x) * a * h;
        return upper ? value : 1 - value;
    }
}
static inline double igamma_float64(double a, double x) { return incomplete_gamma(a, x, 0); }
static inline double igammac_float64(double a, double x) { return incomplete_gamma(a, x, 1); }
AUTODIFF_OF_TWO(igamma)
AUTODIFF_OF_TWO(igammac)

/* x^(a - 1) exp(-x) / Gamma(a): the derivative of the lower function in x. */
static inline double gamma_density_float64(double a, double x)
{
    if (isnan(a) || isnan(x) || a < 0 || x < 0) return NAN;
    if (a == 0 || isinf(x)) return 0;
    if (x == 0) return a < 1 ? INFINITY : a == 1;
    return gamma_term(a, x) * a / x;
}
AUTODIFF_OF_TWO(gamma_density)

/* The derivative of the lower function in a of order 1 or 2: the integral of (log t - psi(a)) t^(a - 1) exp(-t) / Gamma(a), or
   of that times the square of the bracket less psi'(a), over t up to x, or from x on with the other sign, in doubly exponential
   steps (Takahasi and Mori 1974); of a > 10 over as much as matters.  Order 1 at most 1e-13 of itself for a <= 100, 1e-11 for
   a <= 1e4. */
static inline double incomplete_gamma_in_a(double a, double x, int order)
{
    const int below = x <= a, narrow = a > 10 || x > a;
    double psi, slope, log_gamma, room, sum = 0;
    int k;
    if (isnan(a) || isnan(x) || a <= 0 || x < 0) return NAN;
    if (x == 0 || isinf(x) || isinf(a)) return 0;
    if (x < 2 && a < 0.2) {
        /* x^a / Gamma(1 + a) times the sum over k of a (-x)^k / (k! (a + k)), by the rules of products */
        const double first = log(x) - digamma_float64(1 + a), second = -trigamma_float64(1 + a);
        double term = 1, s = 1, s1 = 0, s2 = 0;
        for (k = 1; k <= 40; k++) {
            const double whole = a + k;
            term *= -x / k;
            s += term * a / whole;
            s1 += term * k / (whole * whole);
            s2 -= 2 * term * k / (whole * whole * whole);
        }
        slope = pow(x, a) / tgamma(1 + a);
        return slope * (order == 1 ? first * s + s1 : (first * first + second) * s + 2 * first * s1 + s2);
    }
    psi = digamma_float64(a);
    slope = trigamma_float64(a);
    log_gamma = lgamma_float64(a);
    room = 12 * sqrt(a) + 40;
    if (below && room > x) room = x;
    for (k = -97; k <= 97; k++) {
        const double step = k / 16.0, growth = AUTODIFF_PI * sinh(step);
        const double point = 1 / (1 + exp(-growth)), rest = 1 / (1 + exp(growth));
        double t, log_t, factor, bracket;
        if (narrow) {
            t = below ? (x - room) + room * point : x + room * rest;
            log_t = log(t);
            factor = room * point / t;
        }
        else {
            log_t = log(x) + log(point);
            t = exp(log_t);
            factor = 1;
        }
        bracket = log_t - psi;
        if (order == 2) bracket = bracket * bracket - slope;
        sum += cosh(step) * rest * factor * exp(a * log_t - t - log_gamma) * bracket;
    }
    sum *= AUTODIFF_PI / 16;
    return below ? sum : -sum;
}
static inline double igamma_in_a_float64(double a, double x) { return incomplete_gamma_in_a(a, x, 1); }
static inline double igamma_in_aa_float64(double a, double x) { return incomplete_gamma_in_a(a, x, 2); }
AUTODIFF_OF_TWO(igamma_in_a)
AUTODIFF_OF_TWO(igamma_in_aa)

/* ---- Hurwitz' zeta function */

/* The sum over k of (q + k)^-x (0), or its first or second derivative in x, for x > 1: terms up to 12 + x, the rest by the formula of Euler and
   Maclaurin (Abramowitz and Stegun 23.2.7).  At most 4 ulp for q > 0. */
static inline double hurwitz_zeta(double x, double q, int derivative)
{
    static const double bernoulli[12] = {
        0.08333333333333333, -0.001388888888888889, 3.306878306878307e-05, -8.267195767195768e-07, 2.08767569878681e-08,
        -5.284190138687493e-10, 1.3382536530684679e-11, -3.3896802963225828e-13, 8.586062056277845e-15,
        -2.174868698558062e-16, 5.509002828360229e-18, -1.3954464685812523e-19};
    double sum = 0, power, log_q, factor, slope, curve, rest;
    int k;
    if (isnan(x) || isnan(q) || x < 1) return NAN;
    if (x == 1) return derivative ? NAN : INFINITY;
    if (q <= 0) {
        if (q == floor(q)) return derivative ? NAN : INFINITY;
        if (x != floor(x) || derivative) return NAN;
        if (q < -1000) {
            /* by reflection: with the sum over the other side, the derivative of the cotangent of pi q */
            double both, factorial = 1;
            int n = (int)x - 1;
            if (x > 100) return NAN;
            both = cotangent_derivative(n, q);
            for (k = 2; k <= n; k++) factorial *= k;
            both /= n % 2 ? -factorial : factorial;
            return both + (n % 2 ? -1 : 1) * hurwitz_zeta(x, 1 - q, 0);
        }
        for (; q < 0; q += 1) sum += pow(q, -x);
        return sum + hurwitz_zeta(x, q, 0);
    }
    if (isinf(q)) return 0;
    if (isinf(x)) return derivative ? 0 : q < 1 ? INFINITY : q == 1;
    for (k = 0; k < 1000 && q < 12 + x; k++) {
        power = pow(q, -x);
        sum += derivative == 2 ? log(q) * log(q) * power : derivative ? -log(q) * power : power;
        if (k && power * q <= 1e-18 * fabs(sum) * (x - 1)) return sum;
        q += 1;
    }
    power = pow(q, -x);
    if (power == 0 && sum != 0) return sum;
    log_q = log(q);
    factor = x / q;
    slope = 1 / q;
    curve = 0;
    rest = 1 / (x - 1);
    if (derivative == 2)
        sum += power * (q * rest * (log_q * log_q + 2 * rest * (log_q + rest)) + 0.5 * log_q * log_q);
    else if (derivative)
        sum -= power * (q * rest * (log_q + rest) + 0.5 * log_q);
    else
        sum += isinf(power) ? power : pow(q, 1 - x) * rest + 0.5 * power;
    for (k = 0; k < 12; k++) {
        const double one = x + 2 * k + 1, two = x + 2 * k + 2;
        const double term = bernoulli[k] * power * (derivative == 2 ? curve - 2 * slope * log_q + factor * log_q * log_q
                                                    : derivative ? slope - factor * log_q : factor);
        if (isnan(term)) break;
        sum += term;
        if (fabs(term) <= 1e-17 * fabs(sum)) break;
        curve = (curve * one * two + 2 * (slope * (one + two) + factor)) / (q * q);
        slope = (slope * one * two + factor * (one + two)) / (q * q);
        factor *= one * two / (q * q);
    }
    return sum;
}
static inline double zeta_float64(double x, double q) { return hurwitz_zeta(x, q, 0); }
static inline double zeta_in_x_float64(double x, double q) { return hurwitz_zeta(x, q, 1); }
static inline double zeta_in_xx_float64(double x, double q) { return hurwitz_zeta(x, q, 2); }
AUTODIFF_OF_TWO(zeta)
AUTODIFF_OF_TWO(zeta_in_x)
AUTODIFF_OF_TWO(zeta_in_xx)

/* ---- orthogonal polynomials, by their recurrences: the order is rounded towards zero, 0 below 0, NaN above a million, where
   the sums would be long; a factor of the order in ulp. */

#define AUTODIFF_LAST_ORDER 1000000

/* The derivative (of order 0, 1, 2) of a polynomial of a family whose members follow
   p_k = ((a x + b) p_(k-1) - c p_(k-2)) with a, b, c of the family and of k. */
enum { FAMILY_T, FAMILY_U, FAMILY_V, FAMILY_W, FAMILY_P, FAMILY_L, FAMILY_H, FAMILY_HE };

static inline double orthogonal(int family, double x, double order, int derivative)
{
    double p[3] = {1, 0, 0}, q[3] = {0, 0, 0}, next[3];
    long k, n;
    int i;
    if (isnan(x) || isnan(order)) return NAN;
    if (order < 0) return 0;
    if (order >= AUTODIFF_LAST_ORDER + 1.0) return NAN;
    n = (long)order;
    if (n == 0) return p[derivative];
    for (k = 1; k <= n; k++) {
        double a = 2, b = 0, c = 1;
        switch (family) {
        case FAMILY_T: a = k == 1 ? 1 : 2; break;
        case FAMILY_V: b = k == 1 ? -1 : 0; break;
        case FAMILY_W: b = k == 1 ? 1 : 0; break;
        case FAMILY_P: a = (2.0 * k - 1) / k; c = (k - 1.0) / k; break;
        case FAMILY_L: a = -1.0 / k; b = (2.0 * k - 1) / k; c = (k - 1.0) / k; break;
        case FAMILY_H: c = 2.0 * (k - 1); break;
        case FAMILY_HE: a = 1; c = k - 1.0; break;
        default: break;
        }
        for (i = 0; i <= derivative; i++) next[i] = (a * x + b) * p[i] + (i ? i * a * p[i - 1] : 0) - c * q[i];
        for (i = 0; i <= derivative; i++) {
            q[i] = p[i];
            p[i] = next[i];
        }
        if (isinf(p[derivative]) || isnan(p[derivative])) {
            /* the sign of the leading term: beyond all zeros there is no other */
            int odd = (n - derivative) % 2 == 1;
            if (fabs(x) <= 1 && family < FAMILY_L) return NAN;
            if (family == FAMILY_L) return x < 0 ? (derivative % 2 ? -INFINITY : INFINITY) : NAN;
            return x < 0 && odd ? -INFINITY : INFINITY;
        }
    }
    return p[derivative];
}

/* Chebyshev's polynomials of any order by their definition: sines of multiples of the angle, and hyperbolic ones beyond 1. */
static inline double chebyshev_t_by_angle(double x, double n)
{
    if (fabs(x) <= 1) return cos(n * acos(x));
    return (x < 0 && fmod(n, 2) == 1 ? -1 : 1) * cosh(n * acosh(fabs(x)));
}

static inline double chebyshev_polynomial_t_float64(double x, double order)
{
    if (order > 1000 && !isnan(x)) return chebyshev_t_by_angle(x, floor(order));
    return orthogonal(FAMILY_T, x, order, 0);
}
AUTODIFF_OF_TWO(chebyshev_polynomial_t)

#define AUTODIFF_POLYNOMIAL(name, family, derivative) \
    static inline double name##_float64(double x, double order) { return orthogonal(family, x, order, derivative); } \
    AUTODIFF_OF_TWO(name)

AUTODIFF_POLYNOMIAL(chebyshev_polynomial_u, FAMILY_U, 0)
AUTODIFF_POLYNOMIAL(chebyshev_polynomial_v, FAMILY_V, 0)
AUTODIFF_POLYNOMIAL(chebyshev_polynomial_w, FAMILY_W, 0)
AUTODIFF_POLYNOMIAL(legendre_polynomial_p, FAMILY_P, 0)
AUTODIFF_POLYNOMIAL(laguerre_polynomial_l, FAMILY_L, 0)
AUTODIFF_POLYNOMIAL(hermite_polynomial_h, FAMILY_H, 0)
AUTODIFF_POLYNOMIAL(hermite_polynomial_he, FAMILY_HE, 0)
AUTODIFF_POLYNOMIAL(chebyshev_u_slope, FAMILY_U, 1)
AUTODIFF_POLYNOMIAL(chebyshev_v_slope, FAMILY_V, 1)
AUTODIFF_POLYNOMIAL(chebyshev_w_slope, FAMILY_W, 1)
AUTODIFF_POLYNOMIAL(legendre_p_slope, FAMILY_P, 1)
AUTODIFF_POLYNOMIAL(laguerre_l_slope, FAMILY_L, 1)
AUTODIFF_POLYNOMIAL(chebyshev_u_curve, FAMILY_U, 2)
AUTODIFF_POLYNOMIAL(chebyshev_v_curve, FAMILY_V, 2)
AUTODIFF_POLYNOMIAL(chebyshev_w_curve, FAMILY_W, 2)
AUTODIFF_POLYNOMIAL(legendre_p_curve, FAMILY_P, 2)
AUTODIFF_POLYNOMIAL(laguerre_l_curve, FAMILY_L, 2)

#endif
