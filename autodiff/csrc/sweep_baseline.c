/* The sweeps for every processor of the platform. */
#define LEVEL(name) name##_baseline
#define BYTES 16
#include "sweep_loops.h"
