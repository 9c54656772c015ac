/* The loops for every processor of the platform, and the functions of doubles. */
#define LEVEL(name) name##_baseline
#define AUTODIFF_POINTS
#include "loops_rows.h"
