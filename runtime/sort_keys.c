/* Sorting rows in the vectors that the processor has: numbers of 32 and 64 bits, or the places of numbers of at most 32 bits; all
** of a row, or what comes to some places.  A long row is parted until there are parts for all threads, which sort them. */
#include "internal.h"
#include "sort.h"

#include <string.h>

enum { LONG_ROW = 100000, MOST_PARTS = 256, PARTS_PER_THREAD = 4, FEW = 16, ROOM = 1024, PACKED = 32768, BLOCK = 512 };

static const SortVectors *vectors_of(int bytes) {
#if defined(__x86_64__)
    int vector = jxl_vector_bytes();
    if (vector == 64) return bytes == 8 ? &jxl_sort_avx512_64 : &jxl_sort_avx512_32;
    if (vector == 32) return bytes == 8 ? &jxl_sort_avx2_64 : &jxl_sort_avx2_32;
#endif
    (void)bytes;
    return NULL;
}

/* Of numbers of 32 and 64 bits, else -1. */
static int kind_of(int dtype) {
    switch (dtype) {
    case JXL_F32:
    case JXL_F64: return SORT_FLOAT;
    case JXL_I32:
    case JXL_I64: return SORT_SIGNED;
    case JXL_U32:
    case JXL_U64: return SORT_UNSIGNED;
    default: return -1;
    }
}

typedef struct {
    int64_t at, n;
    int equal; /* all of it */
} Part;

typedef struct {
    const SortVectors *vectors;
    char *keys;
    int bytes, kind, bad;
    int64_t limit; /* longer parts are parted */
    Part part[MOST_PARTS], behind[MOST_PARTS];
} Parts;

static int part_each(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    Parts *p = context;
    (void)c;
    for (int64_t i = lo; i < hi; i++) {
        Part *x = &p->part[i];
        p->behind[i] = (Part){ 0 };
        if (x->n <= p->limit || x->equal) continue;
        int64_t low = p->vectors->part(p->keys + x->at * p->bytes, x->n);
        x->equal = !low;
        if (!low) continue;
        p->behind[i] = (Part){ x->at + low, x->n - low, 0 };
        x->n = low;
    }
    return 0;
}

static int sort_each(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    Parts *p = context;
    (void)c;
    for (int64_t i = lo; i < hi; i++) {
        const Part *x = &p->part[i];
        if (!p->vectors->sort(p->keys + x->at * p->bytes, x->n, 0, x->n, p->kind))
            __atomic_store_n(&p->bad, 1, __ATOMIC_RELAXED);
    }
    return 0;
}

/* What comes to the places from lo to hi comes there.  0: it came to nothing. */
static int sort_keys(jxl_call *c, const SortVectors *v, void *keys, int bytes, int64_t n, int64_t lo, int64_t hi,
                     int kind) {
    int threads = c->pool ? jxl_num_threads() : 1;
    if (threads == 1 || n < LONG_ROW || hi - lo < n / 2) return v->sort(keys, n, lo, hi, kind);
    Parts p = { .vectors = v, .keys = keys, .bytes = bytes, .kind = kind, .limit = n / (PARTS_PER_THREAD * threads) };
    int count = 1, before = 0;
    p.part[0] = (Part){ 0, n, 0 };
    while (count != before && count <= MOST_PARTS / 2) {
        if (jxl_parallel_for(c, part_each, &p, count, 1)) return 0;
        before = count;
        for (int i = 0; i < before; i++)
            if (p.behind[i].n) p.part[count++] = p.behind[i];
    }
    return !jxl_parallel_for(c, sort_each, &p, count, 1) && !p.bad;
}

int jxl_sort_row(jxl_call *c, void *to, const void *from, int dtype, int64_t n, int64_t first, int64_t count) {
    int bytes = jxl_dtypes[dtype].size, kind = kind_of(dtype);
    const SortVectors *v = kind < 0 ? NULL : vectors_of(bytes);
    if (!v) return 0;
    char *keys = count == n ? to : jxl_alloc(c, n * bytes);
    if (!keys) return 0;
    SortSeen seen = { 0 };
    v->keys(keys, from, n, kind, &seen);
    int done = sort_keys(c, v, keys, bytes, n, first, first + count, kind);
    if (done && (seen.nans || seen.minus_zeros)) v->settle(keys, from, n, first, first + count, &seen);
    if (keys == to) return done;
    memcpy(to, keys + first * bytes, (size_t)(count * bytes));
    jxl_release(c, keys);
    return done;
}

typedef struct {
    const SortVectors *vectors;
    int64_t *pairs;
    const int32_t *from;
    int kind, descending;
} Pairs;

static int pair_some(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Pairs *p = context;
    int32_t key[BLOCK];
    (void)c;
    for (int64_t i = lo; i < hi; i += BLOCK) {
        int64_t n = hi - i < BLOCK ? hi - i : BLOCK;
        p->vectors->stable(key, p->from + i, n, p->kind, p->descending);
        for (int64_t k = 0; k < n; k++) p->pairs[i + k] = key[k] * ((int64_t)1 << 32) + i + k;
    }
    return 0;
}

/* The first `count` of the pairs, where those are few: the rest is read, and what is below the last of them is kept until there is
** no room.  0: it came to nothing. */
static int first_pairs(Pairs *p, const SortVectors *wide, int64_t n, int64_t count, int64_t room) {
    SortBelow kept = { p->pairs, room < n ? room : n, room, 0 };
    int64_t at = kept.count;
    pair_some(NULL, p, 0, at);
    for (;;) {
        if (!wide->sort(p->pairs, kept.count, 0, count, SORT_SIGNED)) return 0;
        if (at == n) return 1;
        kept.count = count;
        kept.bound = (int32_t)(p->pairs[count - 1] >> 32);
        at = p->vectors->pair_below(&kept, p->from, at, n, p->kind, p->descending);
    }
}

int jxl_sort_places(jxl_call *c, void *to, int wide, const void *from, int dtype, const SortRow *s) {
    int kind = jxl_dtypes[dtype].size == 4 ? kind_of(dtype) : -1;
    Pairs p = { kind < 0 ? NULL : vectors_of(4), NULL, from, kind, s->descending };
    if (!p.vectors || s->n > INT32_MAX) return 0;
    const SortVectors *pairs = vectors_of(8);
    if (s->count == s->n && jxl_sort_spread(c, p.vectors, pairs, to, wide, from, kind, s->descending, s->n)) return 1;
    if (c->status) return 0;
    int64_t end = s->first + s->count, room = 4 * end > ROOM ? 4 * end : ROOM;
    int few = end * FEW <= s->n && room < s->n;
    p.pairs = jxl_alloc(c, (few ? room : s->n) * 8);
    if (!p.pairs) return 0;
    int done = few ? first_pairs(&p, pairs, s->n, end, room)
                   : !jxl_parallel_for(c, pair_some, &p, s->n, PACKED) &&
                         sort_keys(c, pairs, p.pairs, 8, s->n, s->first, end, SORT_SIGNED);
    for (int64_t i = 0; i < s->count && done; i++) {
        uint32_t place = (uint32_t)p.pairs[s->first + i];
        if (wide)
            ((int64_t *)to)[i] = place;
        else
            ((int32_t *)to)[i] = (int32_t)place;
    }
    jxl_release(c, p.pairs);
    return done;
}
