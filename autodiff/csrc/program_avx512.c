/* Programs for vectors of 64 bytes. */
#include <math.h>
#include <string.h>
#define FOR_AVX512
#include "level.h"
#if defined(LEVEL)
#  include "program_loops.h"
#endif
#include "level.h"
