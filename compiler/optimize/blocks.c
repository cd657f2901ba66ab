/* blocks: what is large between small arrays is computed some rows at a time.
**
** A matrix product whose result is much larger than what it is made of and what becomes of it (the scores of attention, logits
** under a cross-entropy) need never be there as a whole.  From such a product on, everything that is made of its rows, up to
** the next products and sums, becomes the body of a loop: over the batch axes, and inside of that over blocks of rows where one
** batch is still too large for the cache.  A block's arrays stay in the cache, rounds know nothing of each other and are dealt
** to threads.  What is summed over the rows themselves (gradients of keys and values, of weights) is carried from block to
** block; every other sum has the terms and the order that it had.
**
** Other products of that size that these rows meet come into the loop too: so all of attention's backward pass is one. */
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

static bool is_large(const Cut *c, const Value *v) { return elements_of(c->cx, v) * 3 > c->elements * 2; }

/* from a value on */

static bool cuts_of_arg(const Cut *c, const Value *v, Cuts *k) {
    const Member *m = member_of(c, v);
    if (m) *k = m->cuts;
    return m != NULL;
}

/* The axes that meet are cut nowhere; or the rows meet the rows, and rounds add up. */
static bool cuts_meet(const Cut *c, const Inst *in, const Cuts *x, const Cuts *y, bool *sum) {
    for (int i = 0; i < in->attrs->lhs_axes.n; i++) {
        int cut = x->at[in->attrs->lhs_axes.at[i]];
        if (cut != y->at[in->attrs->rhs_axes.at[i]] || (cut != NONE && (!c->rows || cut != c->batch))) return false;
        if (cut != NONE) *sum = true;
    }
    return true;
}

static bool may_add_up(const Type *t) { return t->dtype == DT_f32 || t->dtype == DT_f64; }

/* Where one side is not in the loop, rows that meet rows are cut there as they are here. */
static bool cuts_of_dot(const Cut *c, const Inst *in, Cuts *out, bool *sum) {
    Cuts x = no_cuts(), y = no_cuts();
    int batch = (int)in->attrs->batch, n = batch;
    bool left = cuts_of_arg(c, in->args[0], &x), right = cuts_of_arg(c, in->args[1], &y);
    for (int i = 0; i < batch; i++) {
        if (left && right && x.at[i] != y.at[i]) return false;
        out->at[i] = left ? x.at[i] : y.at[i];
    }
    for (int i = 0; i < in->attrs->lhs_axes.n; i++) {
        int64_t l = in->attrs->lhs_axes.at[i], r = in->attrs->rhs_axes.at[i];
        if (!left) x.at[l] = y.at[r];
        if (!right) y.at[r] = x.at[l];
    }
    if (!cuts_meet(c, in, &x, &y, sum)) return false;
    for (int side = 0; side < 2; side++) {
        const Cuts *k = side ? &y : &x;
        Ints met = side ? in->attrs->rhs_axes : in->attrs->lhs_axes;
        for (int i = batch; i < in->args[side]->type->rank; i++) {
            if (!listed(met, i)) out->at[n++] = k->at[i];
        }
    }
    for (int i = 0; i < n; i++) {
        if (*sum && out->at[i] == c->batch) return false;
        for (int j = 0; j < i; j++) {
            if (out->at[i] != NONE && out->at[i] == out->at[j]) return false;
        }
    }
    return !*sum || may_add_up(in->results[0]->type);
}

static bool cuts_of_reduction(const Cut *c, const Inst *in, const Cuts *x, Cuts *out, bool *sum) {
    for (int i = 0, n = 0; i < in->args[0]->type->rank; i++) {
        if (!listed(in->attrs->axes, i))
            out->at[n++] = x->at[i];
        else if (x->at[i] != NONE && (!c->rows || x->at[i] != c->batch))
            return false;
        else if (x->at[i] != NONE)
            *sum = true;
    }
    return !*sum || (in->op == OP_reduce_sum && may_add_up(in->results[0]->type));
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
static bool cuts_forward(const Cut *c, const Inst *in, Cuts *out, bool *sum) {
    Cuts x = no_cuts();
    *out = no_cuts();
    *sum = false;
    if (in->nresults != 1 || in->nregions || inst_effect(in) != EFFECT_NONE) return false;
    if (in->op == OP_dot) return cuts_of_dot(c, in, out, sum);
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
    if (op_class(in->op) == CLASS_REDUCE && in->op != OP_argmax && in->op != OP_argmin)
        return cuts_of_reduction(c, in, &x, out, sum);
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

/* the members */

static int place_of(const Cut *c, const Inst *in) { return (int)(intptr_t)map_get(&c->place, in) - 1; }
static bool is_behind(const Cut *c, const Value *v) { return v->def && map_get(&c->behind, v->def); }

static void add_member(Cut *c, const Inst *in, Cuts cuts, bool sum, bool spread) {
    Member *m = NEW(c->arena, Member);
    *m = (Member){ in->results[0], cuts, sum, spread };
    map_set(&c->members, in, m);
    if (place_of(c, in) + 1 > c->end) c->end = place_of(c, in) + 1;
}

/* Sums and small products are what loops are for: what is made of them stands behind. */
static bool ends_here(const Cut *c, const Member *m) {
    return m->sum || (m->v->def->op == OP_dot && !is_large(c, m->v));
}

static bool is_spread(const Cut *c, const Inst *in) {
    if (in->op == OP_broadcast) return !is_large(c, in->args[0]);
    if (op_class(in->op) != CLASS_ELEMENTWISE) return false;
    for (int i = 0; i < in->nargs; i++) {
        const Member *m = member_of(c, in->args[i]);
        if (m ? !m->spread : !cut_is_cheap(c, in->args[i])) return false;
    }
    return true;
}

/* What was computed beside the members, of products that are as large: it comes into the loop.  False where it needs
** something that stands behind. */
static bool adopt(Cut *c, const Value *v, const Cuts *cuts, int depth) {
    const Inst *in = def_here(c, v);
    if (is_behind(c, v) || depth > 32) return false;
    if (!in || member_of(c, v) || place_of(c, in) < 0 || !any_cut(*cuts, v->type->rank) || !is_large(c, v)) return true;
    bool product = in->op == OP_dot && elements_of(c->cx, v) == c->elements, joins = product;
    if (!product && op_class(in->op) != CLASS_ELEMENTWISE) return true;
    for (int i = 0; i < in->nargs; i++) {
        Cuts k = cuts_backward(c, in, i, cuts);
        const Member *m = member_of(c, in->args[i]);
        if (m && (product || ends_here(c, m) || memcmp(&m->cuts, cuts, sizeof *cuts))) return false;
        if (!adopt(c, in->args[i], &k, depth + 1)) return false;
        joins |= member_of(c, in->args[i]) != NULL;
    }
    if (joins) add_member(c, in, *cuts, false, false);
    return true;
}

/* Whether it belongs into the loop: it reads more of it than what is spread, and nothing that stands behind. */
static bool joins(Cut *c, const Inst *in) {
    Cuts cuts;
    bool sum, spread, reads = false;
    for (int i = 0; i < in->nargs; i++) {
        const Member *m = member_of(c, in->args[i]);
        if (is_behind(c, in->args[i]) || (m && ends_here(c, m))) return false;
        reads |= m && !m->spread;
    }
    if (!cuts_forward(c, in, &cuts, &sum)) return false;
    spread = is_spread(c, in);
    if (!reads && !spread) return false;
    for (int i = 0; i < in->nargs; i++) {
        Cuts k = cuts_backward(c, in, i, &cuts);
        if (!adopt(c, in->args[i], &k, 0)) return false;
    }
    add_member(c, in, cuts, sum, spread);
    return true;
}

static bool needs_loop(const Cut *, const Inst *);
static bool mentions(const Cut *c, const Block *inner) {
    for (const Inst *in = inner->first; in; in = in->next) {
        if (needs_loop(c, in)) return true;
    }
    for (int i = 0; i < inner->nresults; i++) {
        if (member_of(c, inner->results[i]) || is_behind(c, inner->results[i])) return true;
    }
    return false;
}

static bool needs_loop(const Cut *c, const Inst *in) {
    for (int i = 0; i < in->nargs; i++) {
        if (member_of(c, in->args[i]) || is_behind(c, in->args[i])) return true;
    }
    for (int k = 0; k < in->nregions; k++) {
        if (mentions(c, in->regions[k])) return true;
    }
    return false;
}

/* Everything that is made of the product's rows, as far as the next products. */
static void grow(Cut *c) {
    int members = 0;
    do { /* until nothing was adopted that others read */
        members = c->members.n;
        c->behind = map_new(c->arena);
        for (int i = 1; i < c->limit; i++) {
            const Inst *in = c->at[i];
            if (in->op == OP_time || in->op == OP_barrier)
                break; /* what is computed before the clock is read stays there */
            if (!map_get(&c->members, in) && needs_loop(c, in) && !joins(c, in)) map_set(&c->behind, in, (void *)in);
        }
    } while (c->members.n != members);
}

static void leave(Cut *c, const Member *m) {
    if (m->spread) {
        for (int i = 0; i < m->v->def->nargs; i++) {
            const Member *x = member_of(c, m->v->def->args[i]);
            if (x) leave(c, x);
        }
        map_set(&c->again, m->v->def, (void *)m);
        return;
    }
    for (int i = 0; i < c->leaving.n; i++) {
        if (c->leaving.at[i] == m->v) return;
    }
    PUSH(c->arena, &c->leaving, m->v);
}

static void leave_for(Cut *c, Value *const *v, int n) {
    for (int i = 0; i < n; i++) {
        const Member *m = member_of(c, v[i]);
        if (m) leave(c, m);
    }
}

static void leave_for_block(Cut *c, const Block *inner) {
    for (const Inst *in = inner->first; in; in = in->next) {
        leave_for(c, in->args, in->nargs);
        for (int k = 0; k < in->nregions; k++) leave_for_block(c, in->regions[k]);
    }
    leave_for(c, inner->results, inner->nresults);
}

/* Values that others read; these can wait until the loop is done. */
static bool find_leaving(Cut *c) {
    for (int i = 0; i < c->n; i++) {
        const Inst *in = c->at[i];
        if (map_get(&c->members, in)) continue;
        if (i < c->end && map_get(&c->behind, in) && inst_effect(in) != EFFECT_NONE) return false;
        leave_for(c, in->args, in->nargs);
        for (int k = 0; k < in->nregions; k++) leave_for_block(c, in->regions[k]);
    }
    leave_for(c, c->block->results, c->block->nresults);
    return true;
}

/* The cut axes in order, all of them, so that results lie one behind the other; before the rows nothing else; and few elements. */
static bool may_leave(const Cut *c, const Value *v) {
    const Member *m = member_of(c, v);
    bool rows = c->rows && !m->sum;
    int next = 0, all = m->sum ? c->batch : c->ncuts;
    for (int i = 0; i < v->type->rank; i++) {
        if (m->cuts.at[i] != NONE && m->cuts.at[i] != next++) return false;
        if (m->cuts.at[i] == NONE && rows && next < all && !dim_is(v->type->dim[i], 1)) return false;
    }
    return next == all && !is_large(c, v);
}

/* What a loop has to be given of an operand: nothing, where it is made of what is smaller as it is read. */
static int64_t elements_given(const Cut *c, const Value *v) { return cut_is_cheap(c, v) ? 0 : elements_of(c->cx, v); }

/* How the product is cut; false where that is not worth it. */
static bool choose_cuts(Cut *c) {
    const Inst *in = c->root;
    const Type *t = in->results[0]->type;
    int batch = (int)in->attrs->batch, bytes = dtype_bytes(t->dtype);
    int64_t all = 1, n, rows = 1, x = elements_given(c, in->args[0]), y = elements_given(c, in->args[1]);
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
    add_member(c, in, cuts, false, false);
    return c->ncuts > 0;
}

static bool is_cut(Cut *c) {
    grow(c);
    bool sums = false;
    for (int i = 1; i < c->end; i++) {
        if (map_get(&c->members, c->at[i]) && (c->at[i]->op == OP_dot || op_class(c->at[i]->op) == CLASS_REDUCE))
            sums = true;
    }
    if (!sums || !find_leaving(c) || !c->leaving.n) return false;
    for (int i = 0; i < c->leaving.n; i++) {
        if (!may_leave(c, c->leaving.at[i])) return false;
    }
    return true;
}

/* What is cut, arrays from outside too; NULL where nothing is. */
static Cut *cut_at(Walk *w, const Block *block, const Inst **at, int limit, int n) {
    Arena *arena = w->b.arena;
    if (at[0]->op != OP_dot) return NULL;
    Cut *c = NEW(arena, Cut);
    *c =
        (Cut){ .w = w, .cx = w->b.cx, .arena = arena, .block = block, .at = at, .n = n, .limit = limit, .root = at[0] };
    c->members = map_new(arena);
    c->now = map_new(arena);
    c->place = map_new(arena);
    c->again = map_new(arena);
    if (!choose_cuts(c)) return NULL;
    for (int i = 0; i < limit; i++) map_set(&c->place, at[i], (void *)(intptr_t)(i + 1));
    return is_cut(c) && take_outside(c) ? c : NULL;
}

/* In place of the stretch that the loop is made of: what it does not wait for, the loop, what waits for it. */
static void sort_stretch(Cut *c, const Inst **at, int *before, int *members) {
    int n[3] = { 0 }, end = c->end;
    const Inst **sorted[3];
    for (int k = 0; k < 3; k++) sorted[k] = NEW_ARRAY(c->arena, const Inst *, end + 1);
    for (int i = 0; i < end; i++) {
        int k = map_get(&c->members, at[i]) ? 1 : map_get(&c->behind, at[i]) ? 2 : 0;
        sorted[k][n[k]++] = at[i];
    }
    c->at = sorted[1];
    c->end = n[1];
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < n[k]; i++) *at++ = sorted[k][i];
    }
    *before = n[0], *members = n[1];
}

/* The first `limit` of n instructions; the others come later. */
static void blocks_among(Walk *w, const Block *block, const Inst **at, int limit, int n) {
    for (int i = 0; i < limit;) {
        int before, members;
        Cut *c = cut_at(w, block, at + i, limit - i, n - i);
        if (!c) {
            walk_copy(w, at[i++]);
            continue;
        }
        sort_stretch(c, at + i, &before, &members);
        blocks_among(w, block, at + i, before, n - i);
        emit_cut_loops(c);
        for (int k = 0; k < members; k++) {
            if (map_get(&c->again, c->at[k])) walk_copy(w, c->at[k]);
        }
        i += before + members;
    }
}

static void blocks_in(Walk *w, const Block *block) {
    int n = 0;
    for (const Inst *in = block->first; in; in = in->next) n++;
    const Inst **at = NEW_ARRAY(w->b.arena, const Inst *, n + 1);
    n = 0;
    for (const Inst *in = block->first; in; in = in->next) at[n++] = in;
    blocks_among(w, block, at, n, n);
}

Module *pass_blocks(const Module *m) { return walk_module_blocks(m, blocks_in); }
