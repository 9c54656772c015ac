/* The loops of programs for every processor of the platform. */
#define LEVEL(name) name##_baseline
#include "program_loops.h"
