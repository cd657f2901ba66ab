/* sort_vector.h for eight numbers of 32 bits. */
#include "sort.h"
#include "sort_order.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

typedef int32_t Key;
enum { LANES = 8, ALL_LANES = 0xff };
static const Key LARGEST = INT32_MAX, INFINITE = 0x7f800000;

#include "sort_avx2.h"

/* The first n, if there are any; the others are LARGEST. */
static inline Lanes load_first(const Key *x, int n) {
    Lanes there = _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    return _mm256_blendv_epi8(_mm256_set1_epi32(LARGEST), _mm256_maskload_epi32((const int *)x, there), there);
}
static inline Lanes all_lanes(Key x) { return _mm256_set1_epi32(x); }
static inline Lanes least(Lanes x, Lanes y) { return _mm256_min_epi32(x, y); }
static inline Lanes most(Lanes x, Lanes y) { return _mm256_max_epi32(x, y); }
static inline Lanes negative(Lanes x) { return _mm256_srai_epi32(x, 31); }
static inline unsigned lanes_below(Lanes x, Lanes y) {
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(y, x)));
}
static inline Lanes lanes_of(unsigned which) {
    Lanes bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)which), bits), bits);
}
static inline Lanes largest_where(unsigned which, Lanes x) {
    return _mm256_blendv_epi8(x, _mm256_set1_epi32(LARGEST), lanes_of(which));
}
static inline Lanes zero_where(unsigned which, Lanes x) { return _mm256_andnot_si256(lanes_of(which), x); }
/* The lanes that are `above` to the end of `high`, the others to the front of `low`, and both to what follows there. */
static inline void part(Key *low, Key *high, Lanes x, unsigned above, int count) {
    Lanes order = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)&parted_order[above]));
    Lanes parted = _mm256_permutevar8x32_epi32(x, order);
    (void)count;
    store(low, parted);
    store(high - LANES, parted);
}
/* Lane k is lane k ^ bits. */
static inline Lanes across(Lanes x, int bits) {
    if (bits == 1) return _mm256_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1));
    if (bits == 2) return _mm256_shuffle_epi32(x, _MM_SHUFFLE(1, 0, 3, 2));
    if (bits == 3) return _mm256_shuffle_epi32(x, _MM_SHUFFLE(0, 1, 2, 3));
    if (bits == 4) return _mm256_permute4x64_epi64(x, _MM_SHUFFLE(1, 0, 3, 2));
    Lanes number = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_permutevar8x32_epi32(x, _mm256_xor_si256(number, _mm256_set1_epi32(bits)));
}
/* The lanes of `high` whose number has the bit `top`, else of `low`. */
static inline Lanes choose(Lanes low, Lanes high, int top) {
    return top == 4   ? _mm256_blend_epi32(low, high, 0xf0)
           : top == 2 ? _mm256_blend_epi32(low, high, 0xcc)
                      : _mm256_blend_epi32(low, high, 0xaa);
}

#include "sort_vector.h"

#include "sort_pairs.h"

const SortVectors jxl_sort_avx2_32 = { to_keys, part_row, sort_window, settle, to_stable, pair_below };

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
