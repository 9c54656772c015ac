/* The loops for vectors of 64 bytes. */
#include <Python.h>
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  include <immintrin.h>         /* before the target, as every header */
#endif
#include <math.h>
#include <string.h>
#define FOR_AVX512
#include "level.h"
#if defined(LEVEL)
#  include "loops_rows.h"
#endif
#include "level.h"
