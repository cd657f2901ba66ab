/* Sorting a row of numbers in the vectors that a processor has.  Numbers become keys, integers in the wanted order; those are sorted
** in their place, and become numbers again.  Not all need be sorted: those of the places from lo to hi are. */
#ifndef JXL_SORT_H
#define JXL_SORT_H

#include "jxl/runtime.h"

#include <stdint.h>

enum { SORT_SIGNED, SORT_UNSIGNED, SORT_FLOAT };
enum { SORT_RUN = 256 /* so many numbers are sorted in registers */ };

typedef struct {
    int64_t nans, minus_zeros;
} SortSeen;

/* Pairs of a key below the bound and its place, so many of them by now. */
typedef struct {
    int64_t *pairs, count, room;
    int32_t bound;
} SortBelow;

typedef struct {
    void (*keys)(void *to, const void *from, int64_t n, int kind, SortSeen *);
    int64_t (*part)(void *keys,
                    int64_t n); /* some in front, none of them above any behind; how many, or 0: all are equal */
    int (*sort)(void *keys, int64_t n, int64_t lo, int64_t hi, int kind); /* 0: it came to nothing */
    void (*settle)(void *sorted, const void *from, int64_t n, int64_t lo, int64_t hi, const SortSeen *);
    /* of 32 bits only */
    void (*stable)(int32_t *to, const void *from, int64_t n, int kind,
                   int descending); /* keys: zeros are equal, and NaNs */
    int64_t (*pair_below)(SortBelow *, const void *from, int64_t lo, int64_t hi, int kind,
                          int descending); /* as far as it came */
} SortVectors;

/* Of n in a row those that come to `count` places, from `first` on. */
typedef struct {
    int64_t n, first, count;
    int descending;
} SortRow;

/* sort_keys.c: 0 where the row was not sorted: no vectors, or not for this dtype, or they came to nothing, or (as the call says) no
** memory.  The numbers; and their places, as i64 or i32. */
int jxl_sort_row(jxl_call *, void *to, const void *from, int dtype, int64_t n, int64_t first, int64_t count);
int jxl_sort_places(jxl_call *, void *to, int wide, const void *from, int dtype, const SortRow *);

/* sort_spread.c: all places of n numbers of 32 bits, if they are spread as random ones are; else 0. */
int jxl_sort_spread(jxl_call *, const SortVectors *narrow, const SortVectors *wide, void *to, int to_wide,
                    const void *from, int kind, int descending, int64_t n);

#if defined(__x86_64__)
extern const SortVectors jxl_sort_avx512_32, jxl_sort_avx512_64, jxl_sort_avx2_32, jxl_sort_avx2_64;
#endif

#endif
