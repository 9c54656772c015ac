/* The sweeps for vectors of 64 bytes. */
#include <string.h>
#define FOR_AVX512
#include "level.h"
#if defined(LEVEL)
#  define WIDE 8
#  include "sweep_loops.h"
#endif
#include "level.h"
