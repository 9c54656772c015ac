/* The loops for vectors of 64 bytes: Intel's servers since 2017, AMD since 2022. */
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  include <math.h>
#  include <string.h>
#  if defined(__clang__)
#    pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#  else
#    pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#  endif
#  define LEVEL(name) name##_avx512
#  include "program_loops.h"
#  if defined(__clang__)
#    pragma clang attribute pop
#  endif
#endif
