/* sort_vector.h for eight numbers of 64 bits. */
#include "sort.h"
#include "sort_order.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,popcnt")
#endif

typedef int64_t Key;
typedef __m512i Lanes;
enum { LANES = 8, ALL_LANES = 0xff };
static const Key LARGEST = INT64_MAX, INFINITE = 0x7ff0000000000000;

static inline Lanes load(const Key *x) { return _mm512_loadu_si512(x); }
static inline void store(Key *x, Lanes v) { _mm512_storeu_si512(x, v); }
/* The first n, if there are any; the others are LARGEST, or stay as they are. */
static inline __mmask8 first_lanes(int n) { return (__mmask8)(n >= LANES ? ALL_LANES : n > 0 ? (1u << n) - 1 : 0); }
static inline Lanes load_first(const Key *x, int n) {
    return _mm512_mask_loadu_epi64(_mm512_set1_epi64(LARGEST), first_lanes(n), x);
}
static inline void store_first(Key *x, Lanes v, int n) { _mm512_mask_storeu_epi64(x, first_lanes(n), v); }
static inline Lanes all_lanes(Key x) { return _mm512_set1_epi64(x); }
static inline Lanes least(Lanes x, Lanes y) { return _mm512_min_epi64(x, y); }
static inline Lanes most(Lanes x, Lanes y) { return _mm512_max_epi64(x, y); }
static inline Lanes both(Lanes x, Lanes y) { return _mm512_and_si512(x, y); }
static inline Lanes differ(Lanes x, Lanes y) { return _mm512_xor_si512(x, y); }
static inline Lanes negative(Lanes x) { return _mm512_srai_epi64(x, 63); }
static inline unsigned lanes_below(Lanes x, Lanes y) { return _mm512_cmplt_epi64_mask(x, y); }
/* The lanes that are `above` to the end of `high`, the others to the front of `low`, and both to what follows there. */
static inline void part(Key *low, Key *high, Lanes x, unsigned above, int count) {
    Lanes order = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)&parted_order[above]));
    Lanes parted = _mm512_permutexvar_epi64(order, x);
    (void)count;
    store(low, parted);
    store(high - LANES, parted);
}
/* Lane k is lane k ^ bits. */
static inline Lanes across(Lanes x, int bits) {
    if (bits == 1) return _mm512_permutex_epi64(x, _MM_PERM_CDAB);
    if (bits == 2) return _mm512_permutex_epi64(x, _MM_PERM_BADC);
    if (bits == 3) return _mm512_permutex_epi64(x, _MM_PERM_ABCD);
    if (bits == 4) return _mm512_shuffle_i64x2(x, x, _MM_PERM_BADC);
    Lanes number = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm512_permutexvar_epi64(_mm512_xor_si512(number, _mm512_set1_epi64(bits)), x);
}
/* The lanes of `high` whose number has the bit `top`, else of `low`. */
static inline Lanes choose(Lanes low, Lanes high, int top) {
    return _mm512_mask_blend_epi64((__mmask8)(top == 4 ? 0xf0 : top == 2 ? 0xcc : 0xaa), low, high);
}

#include "sort_vector.h"

const SortVectors jxl_sort_avx512_64 = { to_keys, part_row, sort_window, settle, 0, 0 };

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
