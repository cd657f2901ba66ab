/* Fourier transforms in vectors of 32 bytes: AVX2. */
#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#endif
#define BYTES 32
#define LEVEL jxl_fft_32
#include "fft_level.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
typedef int jxl_no_such_vectors;
#endif
