/* The sweeps for vectors of 32 bytes. */
#include <string.h>
#define FOR_AVX2
#include "level.h"
#if defined(LEVEL)
#  define WIDE 4
#  include "sweep_loops.h"
#endif
#include "level.h"
