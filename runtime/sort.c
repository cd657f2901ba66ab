/* Sorting: the stable permutation that puts rows into order, in lax.sort's order of numbers.
**
** Every key becomes an unsigned integer whose order is the wanted one, and rows of those are sorted digit by digit from
** the lowest (radix sort), or by insertion where they are short.  Several keys are sorted from the last to the first:
** each sort is stable, so what the later keys decided stays where the earlier ones are equal.  Where only the values of one
** key are wanted, no permutation is made.  What can be sorted in vectors is (sort_keys.c). */
#include "internal.h"
#include "sort.h"

#include <string.h>

enum { SHORT_ROW = 48, PARALLEL_ELEMENTS = 16384 };

typedef struct {
    uint64_t key;
    int64_t index;
} Item;

/* Of a float of `bits` bits: zeros are equal, and so are NaNs, which come last. */
static uint64_t order_float(uint64_t x, int bits, int fraction_bits) {
    uint64_t sign = 1ULL << (bits - 1), all = sign | (sign - 1), magnitude = x & (sign - 1);
    uint64_t infinity = (sign - 1) & ~((1ULL << fraction_bits) - 1);
    if (magnitude > infinity) return all;
    if (magnitude == 0) return sign;
    return x & sign ? ~x & all : x | sign;
}

static uint64_t read_bits(const void *at, int size) {
    uint64_t x = 0;
    memcpy(&x, at, (size_t)size); /* little-endian */
    return x;
}

/* The key of one number, and of how many bytes it is. */
static uint64_t order(int dtype, const void *at) {
    int size = jxl_dtypes[dtype].size;
    uint64_t x = read_bits(at, size);
    switch (dtype) {
    case JXL_I8:
    case JXL_I16:
    case JXL_I32:
    case JXL_I64: return x ^ 1ULL << (8 * size - 1);
    case JXL_F16: return order_float(x, 16, 10);
    case JXL_BF16: return order_float(x, 16, 7);
    case JXL_F32: return order_float(x, 32, 23);
    case JXL_F64: return order_float(x, 64, 52);
    default: return x;
    }
}

static void sort_short(Item *items, int64_t n) {
    for (int64_t i = 1; i < n; i++) {
        Item x = items[i];
        int64_t k = i;
        for (; k > 0 && items[k - 1].key > x.key; k--) items[k] = items[k - 1];
        items[k] = x;
    }
}

/* By the byte at `shift`; 0 where it is the same in all, and nothing was moved. */
static int sort_digit(const Item *from, Item *to, int64_t n, int shift) {
    int64_t start[256] = { 0 };
    for (int64_t i = 0; i < n; i++) start[from[i].key >> shift & 255]++;
    if (start[from[0].key >> shift & 255] == n) return 0;
    int64_t sum = 0;
    for (int d = 0; d < 256; d++) {
        int64_t count = start[d];
        start[d] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) to[start[from[i].key >> shift & 255]++] = from[i];
    return 1;
}

/* Sorts by one key; the items may end in either of the two buffers, which is returned. */
static Item *sort_items(Item *items, Item *other, int64_t n, int bytes) {
    if (n <= SHORT_ROW) {
        sort_short(items, n);
        return items;
    }
    for (int shift = 0; shift < 8 * bytes; shift += 8) {
        if (!sort_digit(items, other, n, shift)) continue;
        Item *sorted = other;
        other = items;
        items = sorted;
    }
    return items;
}

typedef struct {
    const jxl_array *index, *keys, *sorted; /* sorted: the values themselves are wanted, or NULL */
    int nkeys;
    SortRow row;
} Sort;

/* One key of four bytes: a pair is the key above, the index below, in one word, and digits are wider. */

enum { DIGIT = 11, DIGITS = 3, KINDS = 1 << DIGIT };

static int is_narrow(const Sort *s) {
    return s->nkeys == 1 && jxl_dtypes[s->keys->dtype].size == 4 && s->row.n > SHORT_ROW && s->row.n <= UINT32_MAX &&
           jxl_dtypes[s->keys->dtype].kind != KIND_COMPLEX;
}

static uint64_t order_narrow(int dtype, uint32_t x) {
    if (dtype == JXL_F32) return order_float(x, 32, 23);
    return dtype == JXL_I32 ? x ^ 1U << 31 : x;
}

static uint64_t *sort_pairs(uint64_t *pairs, uint64_t *other, int64_t n, int64_t (*start)[KINDS]) {
    memset(start, 0, sizeof *start * DIGITS);
    for (int64_t i = 0; i < n; i++) {
        for (int d = 0; d < DIGITS; d++) start[d][pairs[i] >> (32 + d * DIGIT) & (KINDS - 1)]++;
    }
    for (int d = 0; d < DIGITS; d++) {
        int shift = 32 + d * DIGIT;
        if (start[d][pairs[0] >> shift & (KINDS - 1)] == n) continue; /* the same in all */
        int64_t sum = 0;
        for (int k = 0; k < KINDS; k++) {
            int64_t count = start[d][k];
            start[d][k] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++) other[start[d][pairs[i] >> shift & (KINDS - 1)]++] = pairs[i];
        uint64_t *sorted = other;
        other = pairs;
        pairs = sorted;
    }
    return pairs;
}

/* What a key was made of; among zeros and NaNs, whose keys are equal, the argument says which. */
static uint32_t value_of(int dtype, uint64_t pair, const uint32_t *from) {
    uint32_t key = (uint32_t)(pair >> 32), sign = 1U << 31;
    if (dtype == JXL_U32) return key;
    if (dtype == JXL_I32) return key ^ sign;
    if (key == sign || key == UINT32_MAX) return from[(uint32_t)pair];
    return key & sign ? key ^ sign : ~key;
}

static int sort_narrow_rows(jxl_call *c, const Sort *s, int64_t lo, int64_t hi) {
    int64_t n = s->row.n, first = s->row.first, count = s->row.count;
    uint64_t turned = s->row.descending ? UINT32_MAX : 0;
    int dtype = s->keys->dtype;
    uint64_t *pairs = jxl_alloc(c, 2 * n * (int64_t)sizeof *pairs + (int64_t)sizeof(int64_t[DIGITS][KINDS]));
    if (!pairs) return c->status;
    for (int64_t row = lo; row < hi; row++) {
        const uint32_t *from = (const uint32_t *)s->keys->data + row * n;
        for (int64_t i = 0; i < n; i++) pairs[i] = (order_narrow(dtype, from[i]) ^ turned) << 32 | (uint64_t)i;
        const uint64_t *p = sort_pairs(pairs, pairs + n, n, (int64_t(*)[KINDS])(pairs + 2 * n));
        for (int64_t i = 0; i < count; i++) {
            uint64_t pair = p[first + i];
            if (s->sorted)
                ((uint32_t *)s->sorted->data)[row * count + i] = value_of(dtype, pair, from);
            else if (s->index->dtype == JXL_I32)
                ((int32_t *)s->index->data)[row * count + i] = (int32_t)(uint32_t)pair;
            else
                ((int64_t *)s->index->data)[row * count + i] = (int64_t)(uint32_t)pair;
        }
    }
    jxl_release(c, pairs);
    return 0;
}

static Item *sort_by(const Sort *s, const jxl_array *key, int64_t row, int part, Item *items, Item *other) {
    int64_t n = s->row.n;
    int size = jxl_dtypes[key->dtype].size, dtype = jxl_dtypes[key->dtype].part, bytes = jxl_dtypes[dtype].size;
    const char *at = (const char *)key->data + row * n * size + part * bytes;
    uint64_t turned = s->row.descending ? UINT64_MAX >> (64 - 8 * bytes) : 0;
    for (int64_t i = 0; i < n; i++) items[i].key = order(dtype, at + items[i].index * size) ^ turned;
    return sort_items(items, other, n, bytes);
}

static void copy_element(const Sort *s, int64_t to, int64_t from) {
    size_t size = (size_t)jxl_dtypes[s->keys->dtype].size;
    memcpy((char *)s->sorted->data + (size_t)to * size, (const char *)s->keys->data + (size_t)from * size, size);
}

static void sort_row(const Sort *s, int64_t row, Item *items, Item *other) {
    Item *both[] = { items, other };
    for (int64_t i = 0; i < s->row.n; i++) items[i].index = i;
    for (int k = s->nkeys - 1; k >= 0; k--) {
        int parts = jxl_dtypes[s->keys[k].dtype].kind == KIND_COMPLEX ? 2 : 1;
        while (parts-- > 0) {
            items = sort_by(s, &s->keys[k], row, parts, items, other);
            other = items == both[0] ? both[1] : both[0];
        }
    }
    for (int64_t i = 0; i < s->row.count; i++) {
        int64_t at = row * s->row.count + i, from = items[s->row.first + i].index;
        if (s->sorted)
            copy_element(s, at, row * s->row.n + from);
        else if (s->index->dtype == JXL_I32)
            ((int32_t *)s->index->data)[at] = (int32_t)from;
        else
            ((int64_t *)s->index->data)[at] = from;
    }
}

static int sort_row_by_digits(jxl_call *c, const Sort *s, int64_t row) {
    if (is_narrow(s)) return sort_narrow_rows(c, s, row, row + 1);
    Item *items = jxl_alloc(c, 2 * s->row.n * (int64_t)sizeof *items);
    if (!items) return c->status;
    sort_row(s, row, items, items + s->row.n);
    jxl_release(c, items);
    return 0;
}

/* In vectors, if there are some that can. */
static int sort_rows(jxl_call *c, void *context, int64_t lo, int64_t hi) {
    const Sort *s = context;
    int status = 0, size = jxl_dtypes[s->keys->dtype].size, wide = s->index && s->index->dtype == JXL_I64;
    for (int64_t row = lo; row < hi && !status; row++) {
        const char *from = (const char *)s->keys->data + row * s->row.n * size;
        int64_t at = row * s->row.count;
        int done = 0;
        if (s->sorted)
            done = jxl_sort_row(c, (char *)s->sorted->data + at * size, from, s->keys->dtype, s->row.n, s->row.first,
                                s->row.count);
        else if (s->nkeys == 1)
            done =
                jxl_sort_places(c, (char *)s->index->data + at * (wide ? 8 : 4), wide, from, s->keys->dtype, &s->row);
        if (!done) status = c->status ? c->status : sort_row_by_digits(c, s, row);
    }
    return status;
}

static int sort_all(jxl_call *c, Sort *s, const jxl_array *result) {
    int64_t count = jxl_count(result);
    if (!count) return 0;
    return jxl_parallel_for(c, sort_rows, s, count / s->row.count, 1 + PARALLEL_ELEMENTS / s->row.n);
}

static int64_t row_length(const jxl_array *x) { return x->rank ? x->shape[x->rank - 1] : 1; }

int jxl_argsort(jxl_call *c, const jxl_array *index, int nkeys, const jxl_array *keys, int64_t first, int descending) {
    SortRow row = { row_length(keys), first, row_length(index), descending };
    if (index->dtype == JXL_I32 && row.n > INT32_MAX)
        return jxl_fail_text(c, 1, "a sort of %lld elements needs 64-bit indices", (long long)row.n);
    return sort_all(c, &(Sort){ .index = index, .keys = keys, .nkeys = nkeys, .row = row }, index);
}

int jxl_sort(jxl_call *c, const jxl_array *sorted, const jxl_array *keys, int64_t first) {
    SortRow row = { row_length(keys), first, row_length(sorted), 0 };
    return sort_all(c, &(Sort){ .sorted = sorted, .keys = keys, .nkeys = 1, .row = row }, sorted);
}
