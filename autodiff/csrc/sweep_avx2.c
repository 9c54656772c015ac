/* The chains for vectors of 32 bytes: Intel since 2013, AMD since 2015. */
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  include <string.h>
#  if defined(__clang__)
#    pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#  else
#    pragma GCC target("avx2")
#  endif
#  define LEVEL(name) name##_avx2
#  define BYTES 32
#  include "sweep_loops.h"
#  if defined(__clang__)
#    pragma clang attribute pop
#  endif
#endif
