/* hoist: what comes out the same in every round of a loop is computed before it.
**
** Only what takes work and is not simply read along: sums, products, sorted arrays, tables that are written entry by entry; and
** what leads to them.  What is cheaper to compute again than to keep stays where it is.  No clock is read between. */
#include "optimize/optimize.h"

typedef struct {
    Walk *w;
    const Inst *loop;
    char *same; /* by value id: 0 not known yet, 1 the same in every round, 2 not */
    struct {
        const Inst **at;
        int n, cap;
    } light; /* appended on the way */
} Hoist;

static bool is_worth(const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_REDUCE:
    case CLASS_CONTRACT:
    case CLASS_SORT:
    case CLASS_SCAN:
    case CLASS_LINALG: return true;
    default: return in->op == OP_scatter;
    }
}

/* Reads a clock, waits, or finds sizes. */
static bool ties_down(const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (in->op == OP_time || in->op == OP_barrier || in->attrs->binds.n) return true;
        if (in->op == OP_call && inst_effect(in) == EFFECT_ORDERED) return true;
        for (int r = 0; r < in->nregions; r++)
            if (ties_down(in->regions[r])) return true;
    }
    return false;
}

static bool is_within(const Block *b, const Inst *loop) {
    while (b && b->parent != loop) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

static bool is_same(Hoist *h, const Value *v) {
    if (h->same[v->id]) return h->same[v->id] == 1;
    const Inst *in = v->def;
    bool same = !is_within(v->block, h->loop);
    if (!same && in && !in->nregions && inst_is_pure(in) && op_class(in->op) != CLASS_EFFECT) {
        same = true;
        for (int i = 0; i < in->nargs; i++) same = same && is_same(h, in->args[i]);
    }
    h->same[v->id] = same ? 1 : 2;
    return same;
}

static void append(Hoist *h, const Inst *in) {
    for (int i = 0; i < in->nargs; i++)
        if (!h->w->map.at[in->args[i]->id]) append(h, in->args[i]->def);
    walk_copy(h->w, in);
    if (!is_worth(in)) PUSH(h->w->b.arena, &h->light, in);
}

static void hoist_from(Hoist *h, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (in->op == OP_for || in->op == OP_while) hoist_from(h, in->regions[in->nregions - 1]);
        if (is_worth(in) && !h->w->map.at[in->results[0]->id] && is_same(h, in->results[0])) append(h, in);
    }
}

static void hoist_inst(Walk *w, const Inst *in) {
    bool loop = in->op == OP_for || in->op == OP_while;
    w->b.plain = true;
    if (in->nresults && w->map.at[in->results[0]->id]) return; /* it stands before some loop */
    if (loop && !ties_down(in->regions[in->nregions - 1])) {
        const Func *f = in->block->func;
        Hoist h = { .w = w, .loop = in, .same = NEW_ARRAY(w->b.arena, char, f->nvalues + 1) };
        hoist_from(&h, in->regions[in->nregions - 1]);
        for (int i = 0; i < h.light.n; i++) /* who else reads it does so where it stood */
            for (int k = 0; k < h.light.at[i]->nresults; k++) w->map.at[h.light.at[i]->results[k]->id] = NULL;
    }
    walk_copy(w, in);
}

Module *hoist_out_of_loops(const Module *m) { return walk_module(m, hoist_inst, NULL); }
