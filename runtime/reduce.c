/* Sums over shards, begun in one place and waited for in another.
**
** A rank makes the nodes of the tree (tree.c) that lie in its block of shards.  Where they are short they go to all, and
** everybody does what is left of the tree.  Else each rank finishes the tree for its part of the elements, for which it gets
** the others' nodes, and, unless the program wants parts, gives that to all.  Several arrays go as one message, from where
** they are and to where they are wanted; one that is a node itself is sent without a copy.
**
** Between kernels programs poll, which takes what has begun one step further.  Steps are taken in the order in which the sums
** began: so what ranks send each other comes in the same order everywhere. */
#include "collective.h"
#include "tree.h"

#include <stdlib.h>
#include <string.h>

enum { SHORT = 1 << 16 /* bytes of all nodes together */ };

typedef struct {
    const char *x;
    char *y;
    int64_t elements; /* of each shard's */
} Array;

typedef enum { NODES_TRAVEL, PARTS_TRAVEL, ENDED } Step;

typedef struct Reduction {
    struct Reduction *next;
    Ranks r;
    Step step;
    int everywhere, wants_part, dtype, kind, size; /* size: of an element */
    int64_t shards, first, count;                  /* ... and this rank's block of them */
    int64_t elements;                              /* of a shard, in all arrays */
    int64_t from, n;                               /* those that this rank is to finish */
    int narrays;
    Array *arrays;
    Node *nodes; /* of all ranks */
    int *counts; /* of each one's */
    int64_t nnodes, mine;
    Node *leaves; /* this rank's shards */
    const char *sent;
    char *out, *in, *whole;
    void *started;
} Reduction;

static struct { Reduction *first, **last; } begun = { NULL, &begun.first };

/* One rank's part of the elements. */
static void part_of(const Reduction *d, int rank, int64_t *from, int64_t *n) {
    if (d->everywhere) {
        *from = 0;
        *n = d->elements;
    } else if (d->wants_part) {
        int64_t slice = d->elements / d->shards;
        jxl_share(d->shards, rank, d->r.nranks, from, n);
        *from *= slice;
        *n *= slice;
    } else {
        jxl_share(d->elements, rank, d->r.nranks, from, n);
    }
}

/* A node of this rank's shards: elements `from` on, of all arrays as if they stood one behind the other. */
static void reduce_own(const Reduction *d, const Node *node, int64_t from, int64_t n, char *out) {
    int64_t start = 0;
    Tree t = { d->dtype, d->kind, d->shards, d->leaves, d->count, 0, 0 };
    for (int k = 0; k < d->narrays; start += d->arrays[k++].elements) {
        const Array *a = &d->arrays[k];
        int64_t lo = from > start ? from - start : 0, hi = from + n - start;
        if (hi > a->elements) hi = a->elements;
        if (lo >= hi) continue;
        for (int64_t i = 0; i < d->count; i++) d->leaves[i].data = a->x + i * a->elements * d->size;
        t.from = lo;
        t.n = hi - lo;
        jxl_tree_reduce(&t, node->start, node->level, out);
        out += t.n * d->size;
    }
}

/* The nodes of this rank, part by part, and in each one behind the other. */
static int make_own_nodes(Reduction *d) {
    Ranks *r = &d->r;
    int64_t mine = d->counts[r->c->rank], total = 0, in = 0, from, n;
    const Node *own = d->nodes + d->mine;
    d->sent = mine == 1 && d->count == 1 && d->narrays == 1 ? d->arrays[0].x : NULL;
    for (int i = 0; i < r->nranks; i++) {
        part_of(d, i, &from, &n);
        int64_t length = mine * n * d->size, others = d->counts[i] * d->n * d->size;
        r->bytes[i] = i == r->c->rank ? 0 : length;
        r->in_bytes[i] = i == r->c->rank ? 0 : others;
        r->at[i] = d->sent ? from * d->size : d->everywhere ? 0 : total;
        r->in_at[i] = in;
        total = d->everywhere ? length : total + length;
        in += r->in_bytes[i];
    }
    d->in = jxl_alloc(r->c, in + d->n * d->size); /* and, behind it, this rank's part of several arrays */
    if (!d->in || d->sent) return r->c->status;
    d->sent = d->out = jxl_alloc(r->c, total);
    if (!d->out) return r->c->status;
    for (int i = 0; i < (d->everywhere ? 1 : r->nranks); i++) {
        part_of(d, i, &from, &n);
        for (int k = 0; k < mine; k++) reduce_own(d, &own[k], from, n, d->out + r->at[i] + k * n * d->size);
    }
    return 0;
}

/* All nodes of this rank's part are here. */
static void finish_part(Reduction *d) {
    Ranks *r = &d->r;
    int64_t k = 0, start = 0, top = jxl_tree_top(d->shards);
    for (int i = 0; i < r->nranks; i++)
        for (int j = 0; j < d->counts[i]; j++, k++)
            d->nodes[k].data = (i == r->c->rank ? d->sent + r->at[i] : d->in + r->in_at[i]) + j * d->n * d->size;
    Tree t = { d->dtype, d->kind, d->shards, d->nodes, d->nnodes, 0, d->n };
    if (d->everywhere) {
        for (int i = 0; i < d->narrays; start += d->arrays[i++].elements) {
            t.from = start;
            t.n = d->arrays[i].elements;
            jxl_tree_reduce(&t, 0, (int)top, d->arrays[i].y);
        }
    } else {
        jxl_tree_reduce(&t, 0, (int)top, d->wants_part ? d->arrays[0].y : d->whole + d->from * d->size);
    }
}

static void spread_parts(Reduction *d) {
    Ranks *r = &d->r;
    int64_t from, n;
    for (int i = 0; i < r->nranks; i++) {
        part_of(d, i, &from, &n);
        int me = i == r->c->rank;
        r->at[i] = d->from * d->size;
        r->bytes[i] = me ? 0 : d->n * d->size;
        r->in_at[i] = from * d->size;
        r->in_bytes[i] = me ? 0 : n * d->size;
    }
    d->started = jxl_ranks_start(r, JXL_SECOND_STREAM, d->whole, d->whole);
}

/* What went as one message to where it is wanted. */
static void take_apart(Reduction *d) {
    const char *from = d->whole;
    for (int i = 0; i < d->narrays; i++) {
        size_t bytes = (size_t)(d->arrays[i].elements * d->size);
        if (bytes && from != d->arrays[i].y) memcpy(d->arrays[i].y, from, bytes);
        from += bytes;
    }
}

static int go_on(Reduction *d, int wait) {
    while (d->step != ENDED) {
        if (!jxl_ranks_finish(&d->r, d->started, wait)) return d->r.c->status;
        if (d->step == NODES_TRAVEL) finish_part(d);
        if (d->step == PARTS_TRAVEL) take_apart(d);
        d->step = d->step == NODES_TRAVEL && !d->everywhere && !d->wants_part ? PARTS_TRAVEL : ENDED;
        if (d->step == PARTS_TRAVEL) spread_parts(d);
        if (d->r.c->status) return d->r.c->status;
    }
    return 0;
}

/* The sum that began first; whether it has ended. */
static int first_goes_on(int wait) {
    if (go_on(begun.first, wait) || begun.first->step != ENDED) return 0;
    begun.first = begun.first->next;
    if (!begun.first) begun.last = &begun.first;
    jxl_cost_underway(-1, 0);
    return 1;
}

int jxl_reduce_poll(jxl_call *c) {
    if (!begun.first) return 0;
    double since = jxl_cost_now();
    while (begun.first && first_goes_on(0)) {}
    jxl_cost_waited(since);
    return c->status;
}

static void drop(Reduction *d) {
    jxl_call *c = d->r.c;
    if (d->narrays > 1 && d->whole) jxl_release(c, d->whole);
    jxl_release(c, d->in);
    jxl_release(c, d->out);
    jxl_ranks_part(&d->r);
    jxl_release(c, d);
}

static Reduction *reduction_new(jxl_call *c, int kind, int64_t n, int narrays, const jxl_array *xs_ys) {
    int64_t first, count;
    jxl_share(n, c->rank, c->nranks, &first, &count);
    size_t nnodes = c->nranks > 1 ? 2 * TREE_LEVELS * (size_t)c->nranks : 0, shards = (size_t)count;
    char *room = jxl_alloc(c, (int64_t)(sizeof(Reduction) + (nnodes + shards) * sizeof(Node) +
                                        (size_t)narrays * sizeof(Array) + (size_t)c->nranks * sizeof(int)));
    if (!room) return NULL;
    Reduction *d = (Reduction *)room;
    *d = (Reduction){ .kind = kind == JXL_SCATTER ? JXL_SUM : kind,
                      .wants_part = kind == JXL_SCATTER,
                      .dtype = xs_ys->dtype,
                      .size = jxl_dtypes[xs_ys->dtype].size,
                      .shards = n,
                      .first = first,
                      .count = count,
                      .narrays = narrays };
    d->r.c = c;
    d->nodes = (Node *)(d + 1);
    d->leaves = d->nodes + nnodes;
    d->arrays = (Array *)(d->leaves + shards);
    d->counts = (int *)(d->arrays + narrays);
    for (int64_t i = 0; i < count; i++) d->leaves[i] = (Node){ first + i, 0, NULL };
    for (int k = 0; k < narrays; k++) {
        const jxl_array *x = &xs_ys[k];
        int64_t elements = 1;
        for (int i = 1; i < x->rank; i++) elements *= x->shape[i];
        d->arrays[k] = (Array){ x->data, xs_ys[narrays + k].data, elements };
        d->elements += elements;
    }
    return d;
}

/* The only process has all shards. */
static void reduce_here(Reduction *d) {
    Node root = { 0, jxl_tree_top(d->shards), NULL };
    int64_t from = 0;
    for (int k = 0; k < d->narrays; from += d->arrays[k++].elements) {
        const Array *a = &d->arrays[k];
        if (d->shards)
            reduce_own(d, &root, from, a->elements, a->y);
        else if (a->elements && !d->wants_part)
            memset(a->y, 0, (size_t)(a->elements * d->size));
    }
}

static int begin_over_ranks(Reduction *d) {
    Ranks *r = &d->r;
    int64_t first, count;
    for (int i = 0; i < r->nranks; i++) {
        jxl_share(d->shards, i, r->nranks, &first, &count);
        d->counts[i] = jxl_tree_nodes_of_block(d->shards, first, count, d->nodes + d->nnodes);
        if (i == r->c->rank) d->mine = d->nnodes;
        d->nnodes += d->counts[i];
    }
    d->everywhere = !d->wants_part && d->nnodes * d->elements * d->size <= SHORT;
    part_of(d, r->c->rank, &d->from, &d->n);
    if (!d->everywhere && !d->wants_part)
        d->whole = d->narrays == 1 ? d->arrays[0].y : jxl_alloc(r->c, d->elements * d->size);
    if (r->c->status || make_own_nodes(d)) return r->c->status;
    d->started = jxl_ranks_start(r, JXL_FIRST_STREAM, d->sent, d->in);
    *begun.last = d;
    begun.last = &d->next;
    return r->c->status;
}

int jxl_reduce_begin(jxl_call *c, const char *what, int32_t kind, int64_t n, int32_t narrays, const jxl_array *xs_ys,
                     int64_t *token) {
    double since = jxl_cost_now();
    Reduction *d = reduction_new(c, kind, n, narrays, xs_ys);
    *token = 0;
    if (!d) return c->status;
    if (c->nranks == 1 || n == 0) {
        reduce_here(d);
        jxl_release(c, d);
        return 0;
    }
    if (jxl_ranks_meet(&d->r, c, what, kind, n, d->elements) || begin_over_ranks(d)) return c->status;
    *token = (int64_t)(intptr_t)d;
    while (jxl_cost_waits() && d->step != ENDED && first_goes_on(1)) {}
    jxl_cost_waited(since);
    return 0;
}

int jxl_reduce_end(jxl_call *c, int64_t token) {
    Reduction *d = (Reduction *)(intptr_t)token;
    if (!d) return 0;
    double since = jxl_cost_now();
    jxl_watch(d->r.what);
    while (d->step != ENDED && first_goes_on(1)) {}
    jxl_watch(NULL);
    jxl_cost_waited(since);
    drop(d);
    return c->status;
}
