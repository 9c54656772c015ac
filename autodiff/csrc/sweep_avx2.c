/* The sweeps for vectors of 32 bytes. */
#include <string.h>
#define FOR_AVX2
#include "level.h"
#if defined(LEVEL)
#  include "sweep_loops.h"
#endif
#include "level.h"
