/* tree: combines what shards have, in an order that their numbers alone decide.
**
** A node of level k is shards j 2^k .. (j+1) 2^k - 1, as far as there are any, and is its left half and its right half
** combined.  Whoever has a node whole may stand in for it, so the digits are the same however the shards are dealt out. */
#include "tree.h"
#include "internal.h"

#include <math.h>
#include <string.h>

enum { PIECE = 512 /* elements that go through the tree at a time */ };

#define COMBINE(type)                                                                                                  \
    do {                                                                                                               \
        type *restrict x = a;                                                                                          \
        const type *restrict y = b;                                                                                    \
        if (kind == JXL_SUM)                                                                                           \
            for (int64_t i = 0; i < n; i++) x[i] = (type)(x[i] + y[i]);                                                \
        else if (kind == JXL_MAX)                                                                                      \
            for (int64_t i = 0; i < n; i++) x[i] = y[i] > x[i] || y[i] != y[i] ? y[i] : x[i];                          \
        else                                                                                                           \
            for (int64_t i = 0; i < n; i++) x[i] = y[i] < x[i] || y[i] != y[i] ? y[i] : x[i];                          \
    } while (0)

static double half_of(int dtype, uint16_t h) {
    uint32_t bits = (uint32_t)h << 16;
    float f;
    if (dtype == JXL_F16) return jxl_half_to_double(h);
    memcpy(&f, &bits, sizeof f);
    return f;
}
static uint16_t half_from(int dtype, double x) {
    float f = (float)x; /* of two bf16 or their sum: exact, or rounded to odd bits far below */
    uint32_t bits;
    if (dtype == JXL_F16) return jxl_double_to_half(x);
    if (isnan(x)) return 0x7fc0;
    memcpy(&bits, &f, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
static void combine_halves(int dtype, int kind, uint16_t *x, const uint16_t *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double a = half_of(dtype, x[i]), b = half_of(dtype, y[i]);
        if (kind == JXL_SUM)
            x[i] = half_from(dtype, a + b);
        else if (b != b || (kind == JXL_MAX ? b > a : b < a))
            x[i] = y[i];
    }
}

/* a and b into a; where a is nan it stays so, since no comparison holds. */
static void combine(int dtype, int kind, void *a, const void *b, int64_t n) {
    if (dtype == JXL_C64 || dtype == JXL_C128) { /* sums only: of the parts */
        dtype = dtype == JXL_C64 ? JXL_F32 : JXL_F64;
        n *= 2;
    }
    switch (dtype) {
    case JXL_I8: COMBINE(int8_t); break;
    case JXL_I16: COMBINE(int16_t); break;
    case JXL_U8: COMBINE(uint8_t); break;
    case JXL_U16: COMBINE(uint16_t); break;
    case JXL_I32:
        if (kind == JXL_SUM)
            COMBINE(uint32_t);
        else
            COMBINE(int32_t);
        break;
    case JXL_I64:
        if (kind == JXL_SUM)
            COMBINE(uint64_t);
        else
            COMBINE(int64_t);
        break;
    case JXL_U32: COMBINE(uint32_t); break;
    case JXL_U64: COMBINE(uint64_t); break;
    case JXL_F16:
    case JXL_BF16: combine_halves(dtype, kind, a, b, n); break;
    case JXL_F32: COMBINE(float); break;
    default: COMBINE(double); break;
    }
}

static const Node *node_at(const Tree *t, int64_t start, int level) {
    int64_t lo = 0, hi = t->nnodes;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (t->nodes[mid].start < start)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->nnodes && t->nodes[lo].start == start && t->nodes[lo].level == level ? &t->nodes[lo] : NULL;
}

/* The node's elements from `at` on, into `out`. */
static void grow(const Tree *t, int64_t start, int level, int64_t at, int64_t n, char *out) {
    _Alignas(64) char room[PIECE * 16];
    const Node *node = node_at(t, start, level), *right;
    int size = jxl_dtypes[t->dtype].size;
    if (node) {
        memcpy(out, node->data + at * size, (size_t)(n * size));
        return;
    }
    int64_t middle = start + (INT64_C(1) << (level - 1));
    grow(t, start, level - 1, at, n, out);
    if (middle >= t->shards) return;
    right = node_at(t, middle, level - 1);
    if (!right) grow(t, middle, level - 1, at, n, room);
    combine(t->dtype, t->kind, out, right ? right->data + at * size : room, n);
}

void jxl_tree_reduce(const Tree *t, int64_t start, int level, char *out) {
    for (int64_t i = 0; i < t->n; i += PIECE) {
        int64_t n = t->n - i < PIECE ? t->n - i : PIECE;
        grow(t, start, level, t->from + i, n, out + i * jxl_dtypes[t->dtype].size);
    }
}

int jxl_tree_top(int64_t shards) {
    int level = 0;
    while (INT64_C(1) << level < shards) level++;
    return level;
}

int jxl_tree_nodes_of_block(int64_t shards, int64_t first, int64_t count, Node *nodes) {
    int n = 0, top = jxl_tree_top(shards);
    for (int64_t at = first; at < first + count;) {
        int level = 0;
        while (level < top && at % (INT64_C(2) << level) == 0) {
            int64_t end = at + (INT64_C(2) << level);
            if ((end < shards ? end : shards) > first + count) break;
            level++;
        }
        nodes[n++] = (Node){ at, level, NULL };
        at += INT64_C(1) << level;
    }
    return n;
}
