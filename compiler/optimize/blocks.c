/* blocks: what is large between small arrays is computed some rows at a time.
**
** A matrix product whose result is much larger than what it is made of and what becomes of it (the scores of attention, logits
** under a cross-entropy) need never be there as a whole.  From such a product on, everything that is made of its rows, up to
** the next products and sums, becomes the body of a loop: over the batch axes, and inside of that over blocks of rows where one
** batch is still too large for the cache.  A block's arrays stay in the cache, rounds know nothing of each other and are dealt
** to threads.  Every sum has the terms and the order that it had, since nothing is summed over the axes that are cut. */
#include "optimize/blocks.h"

#include <string.h>

enum {
    LARGE = 1 << 19, /* bytes that are worth a loop */
    ROUND = 1 << 19, /* bytes of a round: about a second-level cache */
    FEWEST_ROWS = 32,
};

const Inst *def_here(const Cut *c, const Value *v) { return v->def && v->def->block == c->block ? v->def : NULL; }

const Member *member_of(const Cut *c, const Value *v) {
    const Inst *in = def_here(c, v);
    return in ? map_get(&c->members, in) : NULL;
}

static int64_t elements_of(Compiler *cx, const Value *v) {
    int64_t n;
    return dim_is_int(type_elements(cx, v->type), &n) ? n : -1;
}

bool any_cut(Cuts k, int rank) {
    for (int i = 0; i < rank; i++) {
        if (k.at[i] != NONE) return true;
    }
    return false;
}

Cuts no_cuts(void) {
    Cuts k;
    memset(k.at, NONE, sizeof k.at);
    return k;
}

bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

/* from a value on */

static bool cuts_of_arg(const Cut *c, const Value *v, Cuts *k) {
    const Member *m = member_of(c, v);
    if (!m) return false;
    for (int i = 0; i < c->leaving.n; i++) {
        if (c->leaving.at[i] == v && v->def->op == OP_dot && v->def != c->root) return false;
    }
    *k = m->cuts;
    return true;
}

static bool cuts_of_dot(const Cut *c, const Inst *in, Cuts *out) {
    Cuts x = no_cuts(), y = no_cuts();
    int batch = (int)in->attrs->batch, n = batch;
    bool left = cuts_of_arg(c, in->args[0], &x), right = cuts_of_arg(c, in->args[1], &y);
    for (int i = 0; i < batch; i++) {
        if (left && right && x.at[i] != y.at[i]) return false;
        out->at[i] = left ? x.at[i] : y.at[i];
    }
    for (int side = 0; side < 2; side++) {
        const Cuts *k = side ? &y : &x;
        Ints met = side ? in->attrs->rhs_axes : in->attrs->lhs_axes;
        for (int i = batch; i < in->args[side]->type->rank; i++) {
            if (!listed(met, i))
                out->at[n++] = k->at[i];
            else if (k->at[i] != NONE)
                return false;
        }
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (out->at[i] != NONE && out->at[i] == out->at[j]) return false;
        }
    }
    return true;
}

static bool cuts_of_reshape(const Inst *in, const Cuts *x, Cuts *out) {
    if (!plan_reshape_is_plain(in)) return false;
    const Type *from = in->args[0]->type, *to = in->results[0]->type;
    for (int i = 0, j = 0; i < from->rank; i++) {
        if (dim_is(from->dim[i], 1)) continue;
        while (dim_is(to->dim[j], 1)) j++;
        out->at[j++] = x->at[i];
    }
    return true;
}

/* What follows from its arguments' cuts; false where it cannot be done for some rows alone. */
static bool cuts_forward(const Cut *c, const Inst *in, Cuts *out) {
    Cuts x = no_cuts();
    *out = no_cuts();
    if (in->nresults != 1 || in->nregions || inst_effect(in) != EFFECT_NONE) return false;
    if (in->op == OP_dot) return cuts_of_dot(c, in, out);
    if (op_class(in->op) == CLASS_ELEMENTWISE) {
        bool any = false;
        for (int i = 0; i < in->nargs; i++) {
            if (!cuts_of_arg(c, in->args[i], &x)) continue;
            if (any && memcmp(&x, out, sizeof x)) return false;
            *out = x;
            any = true;
        }
        return any;
    }
    if (!in->nargs || !cuts_of_arg(c, in->args[0], &x)) return false;
    if (op_class(in->op) == CLASS_REDUCE && in->op != OP_argmax && in->op != OP_argmin) {
        for (int i = 0, n = 0; i < in->args[0]->type->rank; i++) {
            if (!listed(in->attrs->axes, i))
                out->at[n++] = x.at[i];
            else if (x.at[i] != NONE)
                return false;
        }
        return true;
    }
    switch ((int)in->op) {
    case OP_broadcast:
        for (int i = 0; i < in->attrs->map.n; i++) out->at[in->attrs->map.at[i]] = x.at[i];
        return true;
    case OP_transpose:
        for (int i = 0; i < in->attrs->perm.n; i++) out->at[i] = x.at[in->attrs->perm.at[i]];
        return true;
    case OP_reshape: return cuts_of_reshape(in, &x, out);
    default: return false;
    }
}

static void add_member(Cut *c, const Inst *in, Cuts cuts) {
    Member *m = NEW(c->arena, Member);
    *m = (Member){ in->results[0], cuts };
    map_set(&c->members, in, m);
    c->last = in;
}

static bool reads_member(const Cut *c, const Inst *in) {
    for (int i = 0; i < in->nargs; i++) {
        if (member_of(c, in->args[i])) return true;
    }
    return false;
}

static void leave(Cut *c, const Value *v) {
    for (int i = 0; i < c->leaving.n; i++) {
        if (c->leaving.at[i] == v) return;
    }
    PUSH(c->arena, &c->leaving, v);
}

static bool mentions(const Block *inner, const Value *v) {
    for (const Inst *in = inner->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++) {
            if (in->args[i] == v) return true;
        }
        for (int k = 0; k < in->nregions; k++) {
            if (mentions(in->regions[k], v)) return true;
        }
    }
    for (int i = 0; i < inner->nresults; i++) {
        if (inner->results[i] == v) return true;
    }
    return false;
}

/* Everything that is made of the product's rows, as far as the next products. */
static void grow(Cut *c) {
    for (const Inst *in = c->root->next; in; in = in->next) {
        Cuts cuts;
        if (in->op == OP_time || in->op == OP_barrier)
            break; /* what is computed before the clock is read stays there */
        if (!reads_member(c, in) || !cuts_forward(c, in, &cuts)) continue;
        add_member(c, in, cuts);
        if (in->op == OP_dot) leave(c, in->results[0]); /* what is made of it stands behind the loop */
    }
}

/* Values that others read; all of these stand behind the last of the loop. */
static bool find_leaving(Cut *c) {
    bool inside = true;
    for (const Inst *in = c->root; in; in = in->next) {
        bool member = map_get(&c->members, in) != NULL;
        for (int i = 0; i < in->nargs && !member; i++) {
            const Member *m = member_of(c, in->args[i]);
            if (m && inside) return false;
            if (m) leave(c, m->v);
        }
        for (int k = 0; k < in->nregions; k++) {
            for (const Inst *x = c->root; x && x != in; x = x->next) {
                if (!map_get(&c->members, x) || !mentions(in->regions[k], x->results[0])) continue;
                if (inside) return false;
                leave(c, x->results[0]);
            }
        }
        if (in == c->last) inside = false;
    }
    for (int i = 0; i < c->block->nresults; i++) {
        const Member *m = member_of(c, c->block->results[i]);
        if (m) leave(c, m->v);
    }
    return true;
}

/* The cut axes in order, all of them, so that results lie one behind the other; and few elements. */
static bool may_leave(const Cut *c, const Value *v) {
    const Cuts *k = &member_of(c, v)->cuts;
    int next = 0;
    for (int i = 0; i < v->type->rank; i++) {
        if (k->at[i] != NONE && k->at[i] != next++) return false;
        if (k->at[i] == NONE && next < c->ncuts && !dim_is(v->type->dim[i], 1)) return false;
    }
    return next == c->ncuts && elements_of(c->cx, v) * 3 <= c->elements * 2;
}

/* How the product is cut; false where that is not worth it. */
static bool choose_cuts(Cut *c) {
    const Inst *in = c->root;
    const Type *t = in->results[0]->type;
    int batch = (int)in->attrs->batch, bytes = dtype_bytes(t->dtype);
    int64_t all = 1, n, rows = 1, x = elements_of(c->cx, in->args[0]), y = elements_of(c->cx, in->args[1]);
    Cuts cuts = no_cuts();
    c->elements = elements_of(c->cx, in->results[0]);
    if (c->elements * bytes < LARGE || x < 0 || y < 0 || x * 3 > c->elements * 2 || y * 3 > c->elements * 2)
        return false;
    if (in->args[0]->type->rank - in->attrs->lhs_axes.n == batch) return false;
    for (int i = 0; i < batch; i++) {
        if (!dim_is_int(t->dim[i], &n)) return false;
        if (n == 1) continue;
        cuts.at[i] = (int8_t)c->ncuts;
        c->size[c->ncuts++] = t->dim[i];
        all *= n;
    }
    c->batch = c->ncuts;
    int64_t each = c->elements / all * bytes;
    dim_is_int(t->dim[batch], &rows);
    if (each > ROUND || all == 1) {
        int64_t most = ROUND / (each / rows);
        if (most < FEWEST_ROWS) most = FEWEST_ROWS;
        for (c->rows = most < rows ? most : rows; c->rows > 1 && rows % c->rows; c->rows--) {}
        if (c->rows < FEWEST_ROWS && c->rows < rows) c->rows = 0;
        if (c->rows == rows) c->rows = 0;
        if (!c->rows && all == 1) return false;
    }
    if (c->rows) {
        cuts.at[batch] = (int8_t)c->ncuts;
        c->size[c->ncuts++] = t->dim[batch];
    }
    add_member(c, in, cuts);
    return c->ncuts > 0;
}

static bool is_cut(Cut *c) {
    if (!choose_cuts(c)) return false;
    grow(c);
    bool sums = false;
    for (const Inst *in = c->root->next; in; in = in->next) {
        if (map_get(&c->members, in) && (in->op == OP_dot || op_class(in->op) == CLASS_REDUCE)) sums = true;
    }
    if (!sums || !find_leaving(c) || !c->leaving.n) return false;
    for (int i = 0; i < c->leaving.n; i++) {
        if (!may_leave(c, c->leaving.at[i])) return false;
    }
    return true;
}

/* What is cut, arrays from outside too; NULL where nothing is. */
static Cut *cut_at(Walk *w, const Block *block, const Inst *root) {
    Arena *arena = w->b.arena;
    Cut *c = NEW(arena, Cut);
    *c = (Cut){ .w = w, .cx = w->b.cx, .arena = arena, .block = block, .root = root };
    c->members = map_new(arena);
    c->now = map_new(arena);
    return is_cut(c) && take_outside(c) ? c : NULL;
}

static void blocks_in(Walk *w, const Block *block) {
    Cut *c = NULL;
    for (const Inst *in = block->first; in; in = in->next) {
        if (!c && in->op == OP_dot) c = cut_at(w, block, in);
        if (!c || !map_get(&c->members, in)) {
            walk_copy(w, in);
            continue;
        }
        if (in != c->last) continue;
        emit_cut_loops(c);
        c = NULL;
    }
}

Module *pass_blocks(const Module *m) { return walk_module_blocks(m, blocks_in); }
