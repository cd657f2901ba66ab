/* The places of numbers of 32 bits that are spread evenly, as random ones are: their highest bits say where they come to stand, but for
** some tens of neighbours.
**
** Pairs of a number's key and its place go to one of some hundred parts, in the order of their places; those of a part, which fit
** into a cache, once more.  What is left are runs of neighbours, and of their keys so few bits that those and a number within the
** run are one number of 32 bits: these are sorted in vectors. */
#include "internal.h"
#include "sort.h"

#include <string.h>

enum {
    RUN = 128,      /* numbers in a run, on average at most */
    MOST_ONCE = 11, /* so many bits tell parts that are runs already */
    LEAST_BITS = 8, /* so that what is left of a key leaves room for a number below SORT_RUN */
    MOST_BITS = 20,
    BLOCK = 512, /* keys that are made at a time */
    MOST_CHUNKS = 16,
    LEAST_CHUNK = 65536,
    LEAST_PAIRS = 65536, /* fewer are sorted as fast by other means, of whole pairs and of numbers made of them */
    LEAST_NUMBERS = 8192
};
enum { SAMPLES = 64, SAMPLED_BITS = 4, CROWD = 14 };

typedef struct {
    const SortVectors *narrow, *wide;
    const char *from;
    int kind, descending;
    int bits, first_bits; /* of all runs; of the parts, the first of these */
    int64_t n, chunk;
    int64_t *count; /* of each chunk for each part, then where the next one goes */
    int64_t *pairs;
    void *to;
    int to_wide, whole_pairs, bad;
} Spread;

static uint32_t high_bits(int32_t key, int bits) { return ((uint32_t)key ^ 1u << 31) >> (32 - bits); }
static int32_t key_of(int64_t pair) { return (int32_t)(pair >> 32); }

static int is_spread(const Spread *s) {
    int seen[1 << SAMPLED_BITS] = { 0 };
    uint32_t sample[SAMPLES];
    int32_t key[SAMPLES];
    for (int64_t i = 0; i < SAMPLES; i++) memcpy(sample + i, s->from + s->n / SAMPLES * i * 4, 4);
    s->narrow->stable(key, sample, SAMPLES, s->kind, s->descending);
    for (int i = 0; i < SAMPLES; i++)
        if (++seen[high_bits(key[i], SAMPLED_BITS)] > CROWD) return 0;
    return 1;
}

static int64_t chunk_end(const Spread *s, int64_t k) { return (k + 1) * s->chunk < s->n ? (k + 1) * s->chunk : s->n; }

static int count_chunks(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Spread *s = context;
    int32_t key[BLOCK];
    int bits = s->first_bits;
    (void)c;
    for (int64_t k = lo; k < hi; k++) {
        int64_t *count = s->count + (k << bits), end = chunk_end(s, k);
        for (int64_t i = k * s->chunk; i < end; i += BLOCK) {
            int m = end - i < BLOCK ? (int)(end - i) : BLOCK;
            s->narrow->stable(key, s->from + 4 * i, m, s->kind, s->descending);
            for (int j = 0; j < m; j++) count[high_bits(key[j], bits)]++;
        }
    }
    return 0;
}

static int part_chunks(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Spread *s = context;
    int32_t key[BLOCK];
    int64_t *pairs = s->pairs;
    int bits = s->first_bits;
    (void)c;
    for (int64_t k = lo; k < hi; k++) {
        int64_t *at = s->count + (k << bits), end = chunk_end(s, k);
        for (int64_t i = k * s->chunk; i < end; i += BLOCK) {
            int m = end - i < BLOCK ? (int)(end - i) : BLOCK;
            s->narrow->stable(key, s->from + 4 * i, m, s->kind, s->descending);
            for (int j = 0; j < m; j++) pairs[at[high_bits(key[j], bits)]++] = key[j] * ((int64_t)1 << 32) + i + j;
        }
    }
    return 0;
}

/* From counts to where the first of each chunk goes in each part. */
static void counts_to_places(const Spread *s, int64_t chunks) {
    int64_t sum = 0;
    for (int64_t k = 0; k < 1 << s->first_bits; k++) {
        for (int64_t i = 0; i < chunks; i++) {
            int64_t *at = s->count + (i << s->first_bits) + k, count = *at;
            *at = sum;
            sum += count;
        }
    }
}

/* The places of n pairs, from place `at` on. */
static void put_places(const Spread *s, const int64_t *pairs, int64_t n, int64_t at) {
    int64_t *wide = (int64_t *)s->to + at;
    int32_t *narrow = (int32_t *)s->to + at;
    if (s->to_wide)
        for (int64_t i = 0; i < n; i++) wide[i] = (uint32_t)pairs[i];
    else
        for (int64_t i = 0; i < n; i++) narrow[i] = (int32_t)(uint32_t)pairs[i];
}

/* n pairs that are the same in so many of the highest bits, to their places from `at` on. */
static int sort_run(const Spread *s, int64_t *pairs, int64_t n, int64_t at) {
    int32_t number[SORT_RUN];
    int64_t sorted[SORT_RUN];
    if (n > SORT_RUN || s->whole_pairs) {
        if (!s->wide->sort(pairs, n, 0, n, SORT_SIGNED)) return 0;
        put_places(s, pairs, n, at);
        return 1;
    }
    int bits = s->bits;
    for (int i = 0; i < n; i++) {
        uint32_t rest = (uint32_t)((uint64_t)pairs[i] >> 32) << bits;
        number[i] = (int32_t)(((rest & ~(SORT_RUN - 1u)) ^ 1u << 31) | (uint32_t)i);
    }
    if (!s->narrow->sort(number, n, 0, n, SORT_SIGNED)) return 0;
    for (int i = 0; i < n; i++) sorted[i] = pairs[number[i] & (SORT_RUN - 1)];
    put_places(s, sorted, n, at);
    return 1;
}

/* The pairs of a part, by their next bits: put together in `room`. */
static int sort_one(const Spread *s, int64_t k, int64_t *room) {
    int64_t at = k ? s->count[k - 1] : 0, n = s->count[k] - at;
    int64_t *pairs = s->pairs + at, end[1 << (MOST_BITS - MOST_BITS / 2)] = { 0 };
    int bits = s->bits, more = bits - s->first_bits;
    if (!more) return !n || sort_run(s, pairs, n, at);
    uint32_t mask = (1u << more) - 1;
    for (int64_t i = 0; i < n; i++) end[high_bits(key_of(pairs[i]), bits) & mask]++;
    for (int64_t j = 0, sum = 0; j <= (int64_t)mask; j++) {
        int64_t count = end[j];
        end[j] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) room[end[high_bits(key_of(pairs[i]), bits) & mask]++] = pairs[i];
    for (int64_t j = 0, from = 0; j <= (int64_t)mask; from = end[j++])
        if (end[j] > from && !sort_run(s, room + from, end[j] - from, at + from)) return 0;
    return 1;
}

static int sort_parts(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    Spread *s = context;
    int64_t most = 1;
    for (int64_t k = lo; k < hi; k++) {
        int64_t n = s->count[k] - (k ? s->count[k - 1] : 0);
        if (n > most) most = n;
    }
    int64_t *room = s->bits > s->first_bits ? jxl_alloc(c, most * 8) : s->pairs;
    if (!room) return c->status;
    for (int64_t k = lo; k < hi; k++)
        if (!sort_one(s, k, room)) __atomic_store_n(&s->bad, 1, __ATOMIC_RELAXED);
    if (room != s->pairs) jxl_release(c, room);
    return 0;
}

int jxl_sort_spread(jxl_call *c, const SortVectors *narrow, const SortVectors *wide, void *to, int to_wide,
                    const void *from, int kind, int descending, int64_t n) {
    Spread s = { .narrow = narrow,
                 .wide = wide,
                 .from = from,
                 .kind = kind,
                 .descending = descending,
                 .n = n,
                 .to = to,
                 .to_wide = to_wide };
    s.whole_pairs = jxl_vector_bytes() == 64; /* eight at a time are as fast as numbers made of them */
    if (n < (s.whole_pairs ? LEAST_PAIRS : LEAST_NUMBERS) || !is_spread(&s)) return 0;
    s.bits = LEAST_BITS;
    while (s.bits < MOST_BITS && n >> s.bits > RUN) s.bits++;
    s.first_bits = s.bits > MOST_ONCE ? s.bits - s.bits / 2 : s.bits;
    int64_t chunks = c->pool ? n / LEAST_CHUNK : 1;
    chunks = chunks < 1 ? 1 : chunks > MOST_CHUNKS ? MOST_CHUNKS : chunks;
    s.chunk = (n + chunks - 1) / chunks;
    s.pairs = jxl_alloc(c, (n + (chunks << s.first_bits)) * 8);
    if (!s.pairs) return 0;
    s.count = s.pairs + n;
    memset(s.count, 0, (size_t)(chunks << s.first_bits) * 8);
    int done = !jxl_parallel_for(c, count_chunks, &s, chunks, 1);
    counts_to_places(&s, chunks);
    done = done && !jxl_parallel_for(c, part_chunks, &s, chunks, 1);
    s.count += (chunks - 1) << s.first_bits; /* the ends of the parts */
    done = done && !jxl_parallel_for(c, sort_parts, &s, 1 << s.first_bits, 1 + LEAST_CHUNK / 2 / (n >> s.first_bits));
    jxl_release(c, s.pairs);
    return done && !s.bad;
}
