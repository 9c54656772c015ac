/* The loops for vectors of 64 bytes. */
#include <Python.h>
#include <math.h>
#include <string.h>
#define FOR_AVX512
#include "level.h"
#if defined(LEVEL)
#  include "loops_rows.h"
#endif
#include "level.h"
