/* sort_vector.h for four numbers of 64 bits. */
#include "sort.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

typedef int64_t Key;
enum { LANES = 4, ALL_LANES = 0xf };
static const Key LARGEST = INT64_MAX, INFINITE = 0x7ff0000000000000;

#include "sort_avx2.h"

/* The first n, if there are any; the others are LARGEST. */
static inline Lanes load_first(const Key *x, int n) {
    Lanes there = _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
    return _mm256_blendv_epi8(_mm256_set1_epi64x(LARGEST), _mm256_maskload_epi64((const long long *)x, there), there);
}
static inline Lanes all_lanes(Key x) { return _mm256_set1_epi64x(x); }
static inline Lanes least(Lanes x, Lanes y) { return _mm256_blendv_epi8(x, y, _mm256_cmpgt_epi64(x, y)); }
static inline Lanes most(Lanes x, Lanes y) { return _mm256_blendv_epi8(y, x, _mm256_cmpgt_epi64(x, y)); }
static inline Lanes negative(Lanes x) { return _mm256_cmpgt_epi64(_mm256_setzero_si256(), x); }
static inline unsigned lanes_below(Lanes x, Lanes y) {
    return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpgt_epi64(y, x)));
}
/* The lanes that are `above`, so many, to the end of `high`, the others to the front of `low`, and both to what follows there; a byte
** says which 32 bits go where. */
static const uint8_t parted_order[16][8] = {
    { 0, 1, 2, 3, 4, 5, 6, 7 }, { 2, 3, 4, 5, 6, 7, 0, 1 }, { 0, 1, 4, 5, 6, 7, 2, 3 }, { 4, 5, 6, 7, 0, 1, 2, 3 },
    { 0, 1, 2, 3, 6, 7, 4, 5 }, { 2, 3, 6, 7, 0, 1, 4, 5 }, { 0, 1, 6, 7, 2, 3, 4, 5 }, { 6, 7, 0, 1, 2, 3, 4, 5 },
    { 0, 1, 2, 3, 4, 5, 6, 7 }, { 2, 3, 4, 5, 0, 1, 6, 7 }, { 0, 1, 4, 5, 2, 3, 6, 7 }, { 4, 5, 0, 1, 2, 3, 6, 7 },
    { 0, 1, 2, 3, 4, 5, 6, 7 }, { 2, 3, 0, 1, 4, 5, 6, 7 }, { 0, 1, 2, 3, 4, 5, 6, 7 }, { 0, 1, 2, 3, 4, 5, 6, 7 },
};
static inline void part(Key *low, Key *high, Lanes x, unsigned above, int count) {
    Lanes order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)parted_order[above]));
    Lanes parted = _mm256_permutevar8x32_epi32(x, order);
    (void)count;
    store(low, parted);
    store(high - LANES, parted);
}
/* Lane k is lane k ^ bits. */
static inline Lanes across(Lanes x, int bits) {
    return bits == 1   ? _mm256_shuffle_epi32(x, _MM_SHUFFLE(1, 0, 3, 2))
           : bits == 2 ? _mm256_permute4x64_epi64(x, _MM_SHUFFLE(1, 0, 3, 2))
                       : _mm256_permute4x64_epi64(x, _MM_SHUFFLE(0, 1, 2, 3));
}
/* The lanes of `high` whose number has the bit `top`, else of `low`. */
static inline Lanes choose(Lanes low, Lanes high, int top) {
    return top == 2 ? _mm256_blend_epi32(low, high, 0xf0) : _mm256_blend_epi32(low, high, 0xcc);
}

#include "sort_vector.h"

const SortVectors jxl_sort_avx2_64 = { to_keys, part_row, sort_window, settle, 0, 0 };

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
