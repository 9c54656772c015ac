/* Programs for vectors of 32 bytes. */
#include <math.h>
#include <string.h>
#define FOR_AVX2
#include "level.h"
#if defined(LEVEL)
#  include "program_loops.h"
#endif
#include "level.h"
