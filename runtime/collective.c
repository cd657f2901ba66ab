/* What shards give each other, wherever they run.
**
** Sums go along a binary tree over the numbers of the shards: a node of level k is shards j 2^k .. (j+1) 2^k - 1, as far as
** there are any, and is its left half plus its right half.  A process makes the nodes that lie in its block whole; these go to
** all, and what is left of the tree is done by everybody.  So the digits are the same however the shards are dealt out. */
#include "collective.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 512, LEVELS = 48, SMALL = 1 << 15 /* bytes: what is longer is reduced in parts, one by each rank */ };

/* A node that is there. */
typedef struct {
    int64_t start;
    int level;
    const char *data;
} Node;

typedef struct {
    int dtype, kind;
    int64_t shards;
    const Node *nodes; /* ascending */
    int64_t nnodes;
    int64_t from, n; /* elements of each node that are looked at */
} Tree;

#define COMBINE(type)                                                                                                  \
    do {                                                                                                               \
        type *x = a;                                                                                                   \
        const type *y = b;                                                                                             \
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
    const Node *node = node_at(t, start, level);
    int size = jxl_dtypes[t->dtype].size;
    if (node) {
        memcpy(out, node->data + at * size, (size_t)(n * size));
        return;
    }
    _Alignas(64) char right[PIECE * 16];
    int64_t middle = start + (INT64_C(1) << (level - 1));
    grow(t, start, level - 1, at, n, out);
    if (middle >= t->shards) return;
    grow(t, middle, level - 1, at, n, right);
    combine(t->dtype, t->kind, out, right, n);
}

static void reduce(const Tree *t, int64_t start, int level, char *out) {
    for (int64_t i = 0; i < t->n; i += PIECE) {
        int64_t n = t->n - i < PIECE ? t->n - i : PIECE;
        grow(t, start, level, t->from + i, n, out + i * jxl_dtypes[t->dtype].size);
    }
}

static int top_level(int64_t shards) {
    int level = 0;
    while (INT64_C(1) << level < shards) level++;
    return level;
}

/* The largest nodes that lie in a block. */
static int nodes_of_block(int64_t shards, int64_t first, int64_t count, Node *nodes) {
    int n = 0, top = top_level(shards);
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

static void gather(Ranks *r, int64_t n, int64_t bytes, const void *x, void *y) {
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(n, i, r->nranks, &r->at[i], &r->bytes[i]);
        r->at[i] *= bytes;
        r->bytes[i] *= bytes;
    }
    r->comm->gather(x, y, r->bytes, r->at);
}

/* Every node of every rank to all, who then finish the tree. */
static int finish_everywhere(Ranks *r, Tree *t, const int *counts, const char *mine, Node *nodes, char *y) {
    int64_t each = t->n * jxl_dtypes[t->dtype].size, total = 0;
    for (int i = 0; i < r->nranks; i++) {
        r->at[i] = total;
        r->bytes[i] = counts[i] * each;
        total += r->bytes[i];
    }
    char *all = jxl_alloc(r->c, total);
    if (!all) return r->c->status;
    r->comm->gather(mine, all, r->bytes, r->at);
    for (int64_t i = 0; i < t->nnodes; i++) nodes[i].data = all + i * each;
    reduce(t, 0, top_level(t->shards), y);
    jxl_release(r->c, all);
    return 0;
}

/* Every rank finishes the tree for its part of the elements, and gives that to all. */
static int finish_in_parts(Ranks *r, Tree *t, const int *counts, const char *mine, Node *nodes, char *y) {
    int me = r->c->rank, size = jxl_dtypes[t->dtype].size;
    int64_t elements = t->n, first, count, total = 0;
    char *out = jxl_alloc(r->c, counts[me] * elements * size);
    if (!out) return r->c->status;
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(elements, i, r->nranks, &first, &count);
        r->at[i] = counts[me] * first * size;
        r->bytes[i] = counts[me] * count * size;
        for (int k = 0; k < counts[me]; k++)
            memcpy(out + r->at[i] + k * count * size, mine + (k * elements + first) * size, (size_t)(count * size));
    }
    jxl_share(elements, me, r->nranks, &first, &count);
    for (int i = 0; i < r->nranks; i++) {
        r->in_at[i] = total;
        r->in_bytes[i] = counts[i] * count * size;
        total += r->in_bytes[i];
    }
    char *in = jxl_alloc(r->c, total), *part = in ? jxl_alloc(r->c, count * size) : NULL;
    if (!part) return r->c->status;
    r->comm->exchange(out, r->bytes, r->at, in, r->in_bytes, r->in_at);
    for (int64_t i = 0; i < t->nnodes; i++) nodes[i].data = in + i * count * size;
    t->n = count;
    reduce(t, 0, top_level(t->shards), part);
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(elements, i, r->nranks, &r->at[i], &r->bytes[i]);
        r->at[i] *= size;
        r->bytes[i] *= size;
    }
    r->comm->gather(part, y, r->bytes, r->at);
    jxl_release(r->c, part);
    jxl_release(r->c, in);
    jxl_release(r->c, out);
    return 0;
}

static int reduce_over_ranks(Ranks *r, Tree *t, char *y) {
    jxl_call *c = r->c;
    int64_t each = t->n * jxl_dtypes[t->dtype].size, first, count, total = 0;
    int *counts = jxl_alloc(c, (int64_t)sizeof *counts * r->nranks), mine = 0;
    Node *nodes = counts ? jxl_alloc(c, (int64_t)sizeof *nodes * 2 * LEVELS * r->nranks) : NULL;
    if (!nodes) return c->status;
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(t->shards, i, r->nranks, &first, &count);
        counts[i] = nodes_of_block(t->shards, first, count, nodes + total);
        if (i == c->rank) mine = (int)total;
        total += counts[i];
    }
    char *made = jxl_alloc(c, counts[c->rank] * each);
    if (!made) return c->status;
    Tree own = *t;
    for (int k = 0; k < counts[c->rank]; k++)
        reduce(&own, nodes[mine + k].start, nodes[mine + k].level, made + k * each);
    t->nodes = nodes;
    t->nnodes = total;
    int status =
        each <= SMALL ? finish_everywhere(r, t, counts, made, nodes, y) : finish_in_parts(r, t, counts, made, nodes, y);
    jxl_release(c, made);
    jxl_release(c, nodes);
    jxl_release(c, counts);
    return status;
}

int jxl_collective(jxl_call *c, const char *what, int32_t kind, int64_t n, const jxl_array *x_y_from) {
    const jxl_array *x = &x_y_from[0], *y = &x_y_from[1];
    int size = jxl_dtypes[x->dtype].size;
    int64_t count = x->shape[0], elements = 1;
    for (int i = 1; i < x->rank; i++) elements *= x->shape[i];
    Ranks r = { .c = c, .nranks = 1 };
    if (c->nranks > 1) {
        jxl_watch(what);
        if (jxl_ranks_room(&r, c) || jxl_ranks_meet(&r, what, kind, n, elements)) return c->status;
    }
    if (kind == JXL_GATHER) {
        if (c->nranks > 1)
            gather(&r, n, elements * size, x->data, y->data);
        else if (n > 0 && elements > 0)
            memcpy(y->data, x->data, (size_t)(n * elements * size));
    } else if (kind == JXL_PERMUTE) {
        jxl_permute(&r, n, elements * size, x->data, y->data, x_y_from[2].data);
    } else if (kind == JXL_EXCHANGE) {
        jxl_exchange(&r, n, n ? elements / n * size : 0, x->data, y->data);
    } else {
        int64_t first = 0, mine = count;
        if (c->nranks > 1) jxl_share(n, c->rank, c->nranks, &first, &mine);
        Node *leaves = jxl_alloc(c, (int64_t)sizeof *leaves * (mine + 1));
        if (!leaves) return c->status;
        for (int64_t i = 0; i < mine; i++)
            leaves[i] = (Node){ first + i, 0, (const char *)x->data + i * elements * size };
        Tree t = { .dtype = x->dtype, .kind = kind, .shards = n, .nodes = leaves, .nnodes = mine, .n = elements };
        if (n == 0)
            memset(y->data, 0, (size_t)(elements * size));
        else if (c->nranks > 1)
            reduce_over_ranks(&r, &t, y->data);
        else
            reduce(&t, 0, top_level(n), y->data);
        jxl_release(c, leaves);
    }
    if (c->nranks > 1) {
        jxl_release(c, r.bytes);
        jxl_watch(NULL);
    }
    return c->status;
}
