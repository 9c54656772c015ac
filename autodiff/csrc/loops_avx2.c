/* The loops for vectors of 32 bytes. */
#include <Python.h>
#include <math.h>
#include <string.h>
#define FOR_AVX2
#include "level.h"
#if defined(LEVEL)
#  include "loops_rows.h"
#endif
#include "level.h"
