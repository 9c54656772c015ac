/* The sweeps for vectors of 64 bytes. */
#include <string.h>
#define FOR_AVX512
#include "level.h"
#if defined(LEVEL)
#  include "sweep_loops.h"
#endif
#include "level.h"
