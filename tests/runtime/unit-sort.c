/* Sorting: against a plain comparison of every pair, for every dtype, several keys, short and long rows. */
#include "internal.h"
#include "sort.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -1, 0 or 1: x before, beside or after y. */
static int compare_parts(double x, double y) {
    if (isnan(x) || isnan(y)) return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

static int compare(const jxl_array *key, int64_t i, int64_t j) {
    Number x = jxl_element(key, i), y = jxl_element(key, j);
    if (jxl_dtypes[key->dtype].kind >= KIND_FLOAT) {
        int first = compare_parts(x.re, y.re);
        return first ? first : compare_parts(x.im, y.im);
    }
    if (x.negative != y.negative) return x.negative ? -1 : 1;
    int larger = (x.magnitude > y.magnitude) - (x.magnitude < y.magnitude);
    return x.negative ? -larger : larger;
}

/* Bytes whose floats are often special, often equal, and of both signs. */
static void fill(unsigned char *data, size_t bytes, int dtype) {
    static const uint32_t singles[] = { 0, 0x80000000, 0x7fc00000, 0xffc00000, 0x7f800000, 0xff800000, 0x3f800000 };
    static const uint16_t halves[] = { 0, 0x8000, 0x7e00, 0xfe00, 0x7c00, 0xfc00, 0x3c00, 1, 0x8001 };
    for (size_t i = 0; i < bytes; i++) data[i] = dtype == JXL_BOOL ? rand() & 1 : (unsigned char)(rand() % 7 * 41);
    if (dtype == JXL_F32 || dtype == JXL_C64)
        for (size_t i = 0; i + 4 <= bytes; i += 4)
            if (rand() & 1) memcpy(data + i, &singles[rand() % 7], 4);
    if (dtype == JXL_F16)
        for (size_t i = 0; i + 2 <= bytes; i += 2)
            if (rand() & 1) memcpy(data + i, &halves[rand() % 9], 2);
    if (dtype == JXL_F64)
        for (size_t i = 0; i + 8 <= bytes; i += 8)
            if (rand() & 1) memcpy(data + i, &(double){ singles[rand() % 7] == 0 ? -0.0 : NAN }, 8);
}

static void check_sort(int index_dtype, int64_t rows, int64_t n, int nkeys, const int *dtypes) {
    int64_t shape[] = { rows, n }, count = rows * n;
    jxl_array keys[2], index = { malloc((size_t)count * 8), index_dtype, 2, shape };
    for (int k = 0; k < nkeys; k++) {
        size_t bytes = (size_t)(count * jxl_dtypes[dtypes[k]].size);
        keys[k] = (jxl_array){ malloc(bytes), dtypes[k], 2, shape };
        fill(keys[k].data, bytes, dtypes[k]);
    }
    jxl_call c;
    jxl_call_init(&c);
    cr_assert(jxl_argsort(&c, &index, nkeys, keys, 0, 0) == 0);
    for (int64_t at = 0; at < count; at++) {
        if (at % n == 0) continue;
        int64_t row = at / n * n, i = 0, j = 0, order = 0;
        if (index_dtype == JXL_I32)
            i = ((int32_t *)index.data)[at - 1], j = ((int32_t *)index.data)[at];
        else
            i = ((int64_t *)index.data)[at - 1], j = ((int64_t *)index.data)[at];
        cr_assert(i >= 0 && i < n && j >= 0 && j < n);
        for (int k = 0; k < nkeys && !order; k++) order = compare(&keys[k], row + i, row + j);
        cr_assert(order < 0 || (order == 0 && i < j), "%s, rows of %ld: %ld before %ld", jxl_dtypes[dtypes[0]].name,
                  (long)n, (long)i, (long)j);
    }
    if (nkeys == 1) { /* the values alone, in the same order to the bit */
        size_t size = (size_t)jxl_dtypes[keys->dtype].size;
        jxl_array sorted = *keys;
        sorted.data = malloc((size_t)count * size);
        cr_assert(jxl_sort(&c, &sorted, keys, 0) == 0);
        for (int64_t at = 0; at < count; at++) {
            int64_t from = index_dtype == JXL_I32 ? ((int32_t *)index.data)[at] : ((int64_t *)index.data)[at];
            const char *wanted = (const char *)keys->data + (size_t)(at / n * n + from) * size;
            cr_assert(!memcmp((const char *)sorted.data + (size_t)at * size, wanted, size));
        }
        free(sorted.data);
    }
    cr_assert_null(c.blocks);
    jxl_call_free(&c);
    for (int k = 0; k < nkeys; k++) free(keys[k].data);
    free(index.data);
}

Test(sort, every_dtype) {
    static const int64_t lengths[] = { 1, 2, 7, 48, 49, 300, 5000 };
    srand(1);
    for (int dtype = JXL_BOOL; dtype <= JXL_C128; dtype++)
        for (int i = 0; i < 7; i++) check_sort(i % 2 ? JXL_I32 : JXL_I64, 1 + i % 3, lengths[i], 1, &dtype);
}

Test(sort, several_keys_and_many_rows) {
    srand(2);
    setenv("JXL_NUM_THREADS", "3", 1);
    check_sort(JXL_I32, 2, 1000, 2, (int[]){ JXL_BOOL, JXL_F32 });
    check_sort(JXL_I64, 3, 100, 2, (int[]){ JXL_C64, JXL_I8 });
    check_sort(JXL_I32, 2000, 60, 1, (int[]){ JXL_F64 });
    check_sort(JXL_I32, 20000, 3, 2, (int[]){ JXL_U8, JXL_U64 });
}

/* Keys spread evenly, some of them equal, and all but a part of them: in one step and in two, on several threads. */
Test(sort, random_words) {
    enum { N = 300001 };
    static const int64_t lengths[] = { 8192, 70000, N };
    static const int dtypes[] = { JXL_U32, JXL_I32, JXL_F32 };
    static uint32_t data[N];
    static int64_t places[N];
    static bool seen[N];
    setenv("JXL_NUM_THREADS", "3", 1);
    jxl_call c;
    jxl_call_init(&c);
    srand(5);
    for (int test = 0; test < 18; test++) {
        int64_t n = lengths[test / 6];
        int descending = test % 2;
        for (int64_t i = 0; i < n; i++) data[i] = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        for (int64_t i = 0; i < n / 4; i++) data[rand() % n] = data[test % 5 ? rand() % n : 7];
        jxl_array keys = { data, dtypes[test / 2 % 3], 1, &n }, index = { places, JXL_I64, 1, &n };
        cr_assert(jxl_argsort(&c, &index, 1, &keys, 0, descending) == 0);
        memset(seen, 0, sizeof seen);
        for (int64_t i = 0; i < n; i++) {
            cr_assert(!seen[places[i]]);
            seen[places[i]] = true;
            int order = i ? compare(&keys, places[i - 1], places[i]) : -1 + 2 * descending;
            cr_assert((descending ? order > 0 : order < 0) || (!order && places[i - 1] < places[i]));
        }
    }
    jxl_call_free(&c);
}

/* Some places of rows, the largest first too; short and long, few different numbers and many. */
Test(sort, places) {
    enum { N = 150000 };
    static const int64_t windows[][3] = { { 10, 0, 3 },        { 10, 9, 1 },     { 3000, 0, 10 },
                                          { 3000, 1500, 1 },   { 3000, 10, 80 }, { N, 0, 5 },
                                          { N, N - 100, 100 }, { N, N / 2, 2 },  { N, 100, N / 2 + 1000 },
                                          { N, 0, N } };
    static const int dtypes[] = { JXL_F32, JXL_F64, JXL_I32, JXL_U32, JXL_I8, JXL_C64 };
    static uint64_t data[N];
    static int32_t whole[N], places[N];
    static uint64_t sorted[N];
    setenv("JXL_NUM_THREADS", "3", 1);
    jxl_call c;
    jxl_call_init(&c);
    srand(4);
    for (size_t w = 0; w < sizeof windows / sizeof *windows; w++)
        for (int k = 0; k < 12; k++) {
            int64_t n = windows[w][0], first = windows[w][1], count = windows[w][2];
            int dtype = dtypes[k / 2], descending = k % 2, size = jxl_dtypes[dtype].size;
            fill((unsigned char *)data, (size_t)(n * size), dtype);
            if (w % 2 && size == 4)
                for (int64_t i = 0; i < n; i++) ((float *)data)[i] = (float)rand();
            jxl_array keys = { data, dtype, 1, &n }, all = { whole, JXL_I32, 1, &n },
                      some = { places, JXL_I32, 1, &count };
            jxl_array numbers = { sorted, dtype, 1, &count };
            cr_assert(jxl_argsort(&c, &all, 1, &keys, 0, descending) == 0);
            for (int64_t i = 1; i < n; i++) {
                int order = compare(&keys, whole[i - 1], whole[i]);
                cr_assert((descending ? order > 0 : order < 0) || (!order && whole[i - 1] < whole[i]));
            }
            cr_assert(jxl_argsort(&c, &some, 1, &keys, first, descending) == 0);
            cr_assert(!memcmp(places, whole + first, (size_t)count * 4), "%ld places from %ld of %ld", (long)count,
                      (long)first, (long)n);
            if (descending) continue;
            cr_assert(jxl_sort(&c, &numbers, &keys, first) == 0);
            for (int64_t i = 0; i < count; i++)
                cr_assert(!memcmp((char *)sorted + i * size, (char *)data + places[i] * size, (size_t)size));
        }
    for (int64_t n = 5000; n <= N; n += N - 5000) { /* keys that are spread */
        uint32_t *keys = (uint32_t *)data;
        for (int64_t i = 0; i < n; i++) keys[i] = (uint32_t)rand() << 1 ^ (uint32_t)(rand() & 1);
        jxl_array from = { keys, JXL_U32, 1, &n }, to = { whole, JXL_I32, 1, &n };
        cr_assert(jxl_argsort(&c, &to, 1, &from, 0, 0) == 0);
        for (int64_t i = 1; i < n; i++) {
            uint32_t x = keys[whole[i - 1]], y = keys[whole[i]];
            cr_assert(x < y || (x == y && whole[i - 1] < whole[i]));
        }
    }
    cr_assert_null(c.blocks);
    jxl_call_free(&c);
}

#if defined(__x86_64__)
static int sort_by(const SortVectors *v, void *to, const void *from, int64_t n, int kind) {
    SortSeen seen = { 0 };
    v->keys(to, from, n, kind, &seen);
    if (!v->sort(to, n, 0, n, kind)) return 0;
    v->settle(to, from, n, 0, n, &seen);
    return 1;
}

/* What this processor would not choose: the same numbers in narrower vectors.  In order, few different, all equal, and such that
** pivots are bad. */
Test(sort, narrower_vectors) {
    enum { N = 20000 };
    static const int64_t lengths[] = { 1, 2, 5, 8, 31, 32, 33, 127, 128, 129, 255, 257, 400, 512, 513, 1000, N };
    static int32_t narrow[3][N];
    static int64_t wide[3][N];
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2")) return;
    jxl_call c;
    jxl_call_init(&c);
    srand(3);
    for (int shape = 0; shape < 5; shape++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            int64_t n = lengths[k];
            static const int dtypes[][2] = { { JXL_I32, JXL_I64 }, { JXL_U32, JXL_U64 }, { JXL_F32, JXL_F64 } };
            for (int kind = SORT_SIGNED; kind <= SORT_FLOAT; kind++) {
                for (int64_t i = 0; i < n; i++) {
                    uint32_t any = (uint32_t)rand() << 1 ^ (uint32_t)rand();
                    uint32_t x = shape == 0   ? any
                                 : shape == 1 ? any % 5 << 29
                                 : shape == 2 ? (uint32_t)i
                                 : shape == 3 ? 7
                                              : (uint32_t)(i % 64);
                    memcpy(&narrow[0][i], &x, 4);
                    wide[0][i] = (int64_t)((uint64_t)x << 32 | (shape == 0 ? (uint32_t)rand() : 0));
                }
                jxl_array from = { narrow[0], dtypes[kind][0], 1, &n }, to = { narrow[1], dtypes[kind][0], 1, &n };
                jxl_array from_wide = { wide[0], dtypes[kind][1], 1, &n },
                          to_wide = { wide[1], dtypes[kind][1], 1, &n };
                cr_assert(jxl_sort(&c, &to, &from, 0) == 0 && jxl_sort(&c, &to_wide, &from_wide, 0) == 0);
                if (sort_by(&jxl_sort_avx2_32, narrow[2], narrow[0], n, kind))
                    cr_assert(!memcmp(narrow[1], narrow[2], (size_t)n * 4), "%d of kind %d", (int)n, kind);
                if (sort_by(&jxl_sort_avx2_64, wide[2], wide[0], n, kind))
                    cr_assert(!memcmp(wide[1], wide[2], (size_t)n * 8), "%d of kind %d", (int)n, kind);
                for (int64_t i = 1; i < n && kind == SORT_SIGNED; i++) cr_assert(narrow[1][i - 1] <= narrow[1][i]);
            }
        }
    jxl_call_free(&c);
}
#endif
