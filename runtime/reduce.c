/* Sums over shards, and largest and smallest.
**
** A rank makes the nodes of the tree (tree.c) that lie in its block of shards.  Where they are short they go to all, and
** everybody does what is left of the tree.  Else each rank finishes the tree for its part of the elements, for which it gets
** the others' nodes, and, unless the program wants parts, gives that to all.  Several arrays go as one message, from where
** they are and to where they are wanted; one that is a node itself is sent without a copy. */
#include "collective.h"
#include "tree.h"

#include <string.h>

enum { SHORT = 1 << 16 /* bytes of all nodes together */ };

typedef enum { NODES_TRAVEL, PARTS_TRAVEL } Step;

typedef struct {
    Step step;
    bool everywhere, wants_part;
    int kind;
    int64_t from, n;      /* the elements that this rank is to finish */
    int64_t nnodes, mine; /* of all ranks; the first of this one's */
    int64_t sent_bytes, taken_bytes;
    const char *sent;
    char *in, *whole;
    Node *nodes, *leaves; /* this rank's shards */
    int *counts;          /* of nodes, by rank */
} Reduction;

static int nodes_of_rank(const Collective *d, int rank, Node *nodes) {
    int64_t first, count;
    jxl_share(d->n, rank, d->nranks, &first, &count);
    return jxl_tree_nodes_of_block(d->n, first, count, nodes);
}

static int64_t reduction_bytes(const Collective *d) {
    Node nodes[2 * TREE_LEVELS];
    int64_t n = 0, first, count;
    jxl_share(d->n, d->rank, d->nranks, &first, &count);
    for (int i = 0; d->nranks > 1 && i < d->nranks; i++) n += nodes_of_rank(d, i, nodes);
    return (int64_t)sizeof(Reduction) + (n + count) * (int64_t)sizeof(Node) + d->nranks * (int64_t)sizeof(int);
}

/* One rank's part of the elements. */
static void part_of(const Collective *d, int rank, int64_t *from, int64_t *n) {
    const Reduction *r = d->own;
    if (r->everywhere) {
        *from = 0;
        *n = d->elements;
    } else if (r->wants_part) {
        int64_t slice = d->n ? d->elements / d->n : 0;
        jxl_share(d->n, rank, d->nranks, from, n);
        *from *= slice;
        *n *= slice;
    } else {
        jxl_share(d->elements, rank, d->nranks, from, n);
    }
}

/* What there is of the only shard is its rank's only node. */
static bool is_node(const Collective *d) {
    const Reduction *r = d->own;
    return d->count == 1 && (d->narrays == 1 || d->in_one) && r->counts[d->rank] == 1;
}

/* Where the nodes go, part by part, and in each one behind the other. */
static void where_nodes_go(Collective *d) {
    Reduction *r = d->own;
    bool as_it_is = is_node(d);
    int64_t total = 0, in = 0, from, n;
    for (int i = 0; i < d->nranks; i++) {
        part_of(d, i, &from, &n);
        int64_t length = r->counts[d->rank] * n * d->size;
        bool me = i == d->rank;
        d->to_bytes[i] = me ? 0 : length;
        d->in_bytes[i] = me ? 0 : r->counts[i] * r->n * d->size;
        d->to_at[i] = as_it_is ? from * d->size : r->everywhere ? 0 : total;
        d->in_at[i] = in;
        total = r->everywhere ? length : total + length;
        in += d->in_bytes[i];
    }
    r->sent_bytes = as_it_is ? 0 : (total + 63) / 64 * 64;
    r->taken_bytes = in;
}

static void reduction_plan(Collective *d) {
    Reduction *r = d->own;
    r->wants_part = d->kind == JXL_SCATTER;
    r->kind = r->wants_part ? JXL_SUM : d->kind;
    r->leaves = (Node *)(r + 1);
    r->nodes = r->leaves + d->count;
    for (int64_t i = 0; i < d->count; i++) r->leaves[i] = (Node){ d->first + i, 0, NULL };
    if (d->nranks == 1) return;
    Node few[2 * TREE_LEVELS];
    int64_t nnodes = 0;
    for (int i = 0; i < d->nranks; i++) nnodes += nodes_of_rank(d, i, few);
    r->counts = (int *)(r->nodes + nnodes);
    for (int i = 0; i < d->nranks; i++) {
        if (i == d->rank) r->mine = r->nnodes;
        r->counts[i] = nodes_of_rank(d, i, r->nodes + r->nnodes);
        r->nnodes += r->counts[i];
    }
    r->everywhere = !r->wants_part && r->nnodes * d->bytes <= SHORT;
    part_of(d, d->rank, &r->from, &r->n);
    where_nodes_go(d);
}

/* A node of this rank's shards: elements `from` on, of all arrays as if they stood one behind the other. */
static void reduce_own(const Collective *d, const Node *node, int64_t from, int64_t n, char *out) {
    const Reduction *r = d->own;
    Tree t = { d->dtype, r->kind, d->n, r->leaves, d->count, 0, 0 };
    for (int k = 0; k < d->narrays; k++) {
        const Array *a = &d->arrays[k];
        int64_t lo = from > a->at ? from - a->at : 0, hi = from + n - a->at;
        if (hi > a->elements) hi = a->elements;
        if (lo >= hi) continue;
        for (int64_t i = 0; i < d->count; i++) r->leaves[i].data = a->x + i * a->elements * d->size;
        t.from = lo;
        t.n = hi - lo;
        jxl_tree_reduce(&t, node->start, node->level, out + (a->at + lo - from) * d->size);
    }
}

/* The only process has all shards. */
static void reduce_here(Collective *d) {
    const Reduction *r = d->own;
    Node root = { 0, jxl_tree_top(d->n), NULL };
    for (int k = 0; k < d->narrays; k++) {
        const Array *a = &d->arrays[k];
        if (d->n)
            reduce_own(d, &root, a->at, a->elements, a->y);
        else if (a->elements && !r->wants_part)
            memset(a->y, 0, (size_t)(a->elements * d->size));
    }
}

static int reduction_begin(Collective *d) {
    Reduction *r = d->own;
    if (d->nranks == 1 || d->n == 0) {
        reduce_here(d);
        return 0;
    }
    bool second = !r->everywhere && !r->wants_part, copies = second && d->narrays > 1 && !d->comes_in_one;
    if (second) where_nodes_go(d); /* the second step went elsewhere */
    int64_t taken = (r->taken_bytes + 63) / 64 * 64;
    char *room = jxl_collective_room(d, r->sent_bytes + taken + (copies ? d->bytes : 0));
    if (!room) return d->c->status;
    r->in = room + r->sent_bytes;
    r->whole = copies ? r->in + taken : d->arrays->y;
    r->sent = r->sent_bytes ? room : d->arrays->x;
    r->step = NODES_TRAVEL;
    d->in_turn = second;
    const Node *own = r->nodes + r->mine;
    for (int i = 0; r->sent_bytes && i < (r->everywhere ? 1 : d->nranks); i++) {
        int64_t from, n;
        part_of(d, i, &from, &n);
        for (int k = 0; k < r->counts[d->rank]; k++)
            reduce_own(d, &own[k], from, n, room + d->to_at[i] + k * n * d->size);
    }
    return jxl_collective_start(d, JXL_FIRST_STREAM, r->sent, r->in);
}

/* All nodes of this rank's part are here. */
static void finish_part(Collective *d) {
    const Reduction *r = d->own;
    int64_t k = 0;
    int top = jxl_tree_top(d->n);
    for (int i = 0; i < d->nranks; i++)
        for (int j = 0; j < r->counts[i]; j++, k++)
            r->nodes[k].data = (i == d->rank ? r->sent + d->to_at[i] : r->in + d->in_at[i]) + j * r->n * d->size;
    Tree t = { d->dtype, r->kind, d->n, r->nodes, r->nnodes, 0, r->n };
    if (r->everywhere) {
        for (int i = 0; i < d->narrays; i++) {
            t.from = d->arrays[i].at;
            t.n = d->arrays[i].elements;
            jxl_tree_reduce(&t, 0, top, d->arrays[i].y);
        }
    } else {
        jxl_tree_reduce(&t, 0, top, r->wants_part ? d->arrays->y : r->whole + r->from * d->size);
    }
}

static int spread_parts(Collective *d) {
    const Reduction *r = d->own;
    for (int i = 0; i < d->nranks; i++) {
        int64_t from, n;
        part_of(d, i, &from, &n);
        bool me = i == d->rank;
        d->to_at[i] = r->from * d->size;
        d->to_bytes[i] = me ? 0 : r->n * d->size;
        d->in_at[i] = from * d->size;
        d->in_bytes[i] = me ? 0 : n * d->size;
    }
    return jxl_collective_start(d, JXL_SECOND_STREAM, r->whole, r->whole);
}

/* What came as one message to where it is wanted. */
static void take_apart(const Collective *d) {
    const Reduction *r = d->own;
    for (int i = 0; i < d->narrays && r->whole != d->arrays->y; i++) {
        const Array *a = &d->arrays[i];
        if (a->elements) memcpy(a->y, r->whole + a->at * d->size, (size_t)(a->elements * d->size));
    }
}

static int reduction_go_on(Collective *d) {
    Reduction *r = d->own;
    if (d->n == 0) return 0;
    if (r->step == PARTS_TRAVEL) {
        take_apart(d);
        return 0;
    }
    finish_part(d);
    if (!d->in_turn) return 0;
    r->step = PARTS_TRAVEL;
    return spread_parts(d);
}

const Kind_of_collective jxl_reductions = { reduction_bytes, reduction_plan, reduction_begin, reduction_go_on };
