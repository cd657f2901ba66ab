/* sort_vector.h for sixteen numbers of 32 bits. */
#include "sort.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")
#endif

typedef int32_t Key;
typedef __m512i Lanes;
enum { LANES = 16, ALL_LANES = 0xffff };
static const Key LARGEST = INT32_MAX, INFINITE = 0x7f800000;

static inline Lanes load(const Key *x) { return _mm512_loadu_si512(x); }
static inline void store(Key *x, Lanes v) { _mm512_storeu_si512(x, v); }
/* The first n, if there are any; the others are LARGEST, or stay as they are. */
static inline __mmask16 first_lanes(int n) { return (__mmask16)(n >= LANES ? ALL_LANES : n > 0 ? (1u << n) - 1 : 0); }
static inline Lanes load_first(const Key *x, int n) {
    return _mm512_mask_loadu_epi32(_mm512_set1_epi32(LARGEST), first_lanes(n), x);
}
static inline void store_first(Key *x, Lanes v, int n) { _mm512_mask_storeu_epi32(x, first_lanes(n), v); }
static inline Lanes all_lanes(Key x) { return _mm512_set1_epi32(x); }
static inline Lanes least(Lanes x, Lanes y) { return _mm512_min_epi32(x, y); }
static inline Lanes most(Lanes x, Lanes y) { return _mm512_max_epi32(x, y); }
static inline Lanes both(Lanes x, Lanes y) { return _mm512_and_si512(x, y); }
static inline Lanes differ(Lanes x, Lanes y) { return _mm512_xor_si512(x, y); }
static inline Lanes negative(Lanes x) { return _mm512_srai_epi32(x, 31); }
static inline unsigned lanes_below(Lanes x, Lanes y) { return _mm512_cmplt_epi32_mask(x, y); }
static inline Lanes largest_where(unsigned which, Lanes x) {
    return _mm512_mask_set1_epi32(x, (__mmask16)which, LARGEST);
}
static inline Lanes zero_where(unsigned which, Lanes x) { return _mm512_mask_set1_epi32(x, (__mmask16)which, 0); }
/* The lanes that are `above`, so many, to the end of `high`; the others to the front of `low`, and anything behind them. */
static inline void part(Key *low, Key *high, Lanes x, unsigned above, int count) {
    store(low, _mm512_maskz_compress_epi32((__mmask16)~above, x));
    store_first(high - count, _mm512_maskz_compress_epi32((__mmask16)above, x), count);
}
/* Lane k is lane k ^ bits. */
static inline Lanes across(Lanes x, int bits) {
    if (bits == 1) return _mm512_shuffle_epi32(x, _MM_PERM_CDAB);
    if (bits == 2) return _mm512_shuffle_epi32(x, _MM_PERM_BADC);
    if (bits == 3) return _mm512_shuffle_epi32(x, _MM_PERM_ABCD);
    if (bits == 4) return _mm512_shuffle_i64x2(x, x, _MM_PERM_CDAB);
    if (bits == 8) return _mm512_shuffle_i64x2(x, x, _MM_PERM_BADC);
    Lanes number = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm512_permutexvar_epi32(_mm512_xor_si512(number, _mm512_set1_epi32(bits)), x);
}
/* The lanes of `high` whose number has the bit `top`, else of `low`. */
static inline Lanes choose(Lanes low, Lanes high, int top) {
    return _mm512_mask_blend_epi32((__mmask16)(top == 8   ? 0xff00
                                               : top == 4 ? 0xf0f0
                                               : top == 2 ? 0xcccc
                                                          : 0xaaaa),
                                   low, high);
}

#include "sort_vector.h"

#include "sort_pairs.h"

const SortVectors jxl_sort_avx512_32 = { to_keys, part_row, sort_window, settle, to_stable, pair_below };

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
