/* Sorting a row of numbers in the vectors that a processor has, into `to`.  0: not sorted. */
#ifndef JXL_SORT_H
#define JXL_SORT_H

#include <stdint.h>

enum { SORT_SIGNED, SORT_UNSIGNED, SORT_FLOAT };

#if defined(__x86_64__)
int jxl_sort_avx512_32(int32_t *to, const int32_t *from, int64_t n, int kind);
int jxl_sort_avx512_64(int64_t *to, const int64_t *from, int64_t n, int kind);
int jxl_sort_avx2_32(int32_t *to, const int32_t *from, int64_t n, int kind);
int jxl_sort_avx2_64(int64_t *to, const int64_t *from, int64_t n, int kind);
#endif

#endif
