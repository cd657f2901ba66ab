/* Fourier transforms in vectors of 64 bytes: AVX-512. */
#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl")
#endif
#define BYTES 64
#define LEVEL jxl_fft_64
#include "fft_level.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
typedef int jxl_no_such_vectors;
#endif
