/* Included by the files of a CPU level, before and after what they compile for it: the functions between may use its
   instructions.  Headers of the system come first.  Where LEVEL is not defined then, there is no such level.

   FOR_AVX2: vectors of 32 bytes, Intel since 2013, AMD since 2015.  FOR_AVX512: of 64, Intel's servers since 2017, AMD since 2022. */
#if (defined(__x86_64__) || defined(_M_X64)) && defined(__GNUC__)
#  if defined(LEVEL)
#    if defined(__clang__)
#      pragma clang attribute pop
#    endif
#  elif defined(FOR_AVX2)
#    if defined(__clang__)
#      pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#    else
#      pragma GCC target("avx2")
#    endif
#    define LEVEL(name) name##_avx2
#    define BYTES 32
#  else
#    if defined(__clang__)
#      pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#    else
#      pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,prefer-vector-width=512")
#    endif
#    define LEVEL(name) name##_avx512
#    define BYTES 64
#  endif
#endif
