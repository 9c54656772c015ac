/* Functions that neither NumPy nor IEEE 754 has: what a row of rules.py calls NAME is here NAME_float64, NAME_float32.

   Each states its accuracy; float32 is computed in double and rounded. */
#ifndef AUTODIFF_SPECIAL_H
#define AUTODIFF_SPECIAL_H

#include <math.h>

/* The C library's, below 1 ulp in glibc. */
static inline double erf_float64(double x) { return erf(x); }
static inline float erf_float32(float x) { return (float)erf((double)x); }

#endif
