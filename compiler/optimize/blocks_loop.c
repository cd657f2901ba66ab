/* blocks_loop: the loops of what is computed some rows at a time: over the batch axes, and over the rows of a batch. */
#include "optimize/blocks.h"

#include <string.h>

enum { MANY = 8 }; /* rounds of the outer loop, enough for threads */

static const Dim *cut_dim(const Cut *c, const Dim *dim, int cut) {
    if (cut == NONE) return dim;
    return dim_int(c->cx, cut == c->batch ? c->rows : 1);
}

static const Type *cut_type(const Cut *c, const Type *t, const Cuts *k) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < t->rank; i++) dim[i] = cut_dim(c, t->dim[i], k->at[i]);
    return type_of(c->cx, t->dtype, t->rank, dim);
}

static Value *value_for(Cut *c, const Value *v, const Cuts *k);

/* What costs next to nothing is computed for these rows where it is read. */
static bool is_cheap(const Cut *c, const Value *v, int depth) {
    const Inst *in = def_here(c, v);
    if (!in || in->nresults != 1 || inst_effect(in) != EFFECT_NONE) return false;
    if (in->op == OP_iota || (in->op == OP_constant && in->attrs->data.n == 1) || in->op == OP_broadcast) return true;
    bool moves = in->op == OP_transpose;
    if ((op_class(in->op) != CLASS_ELEMENTWISE && !moves) || depth > 8 || plan_cost(in) > 0.06) return false;
    for (int i = 0; i < in->nargs; i++) {
        if (!is_cheap(c, in->args[i], depth + 1)) return false;
    }
    return true;
}

bool cut_is_cheap(const Cut *c, const Value *v) { return is_cheap(c, v, 0); }

/* Where a round stands along that cut, as a number of that dtype. */
static Value *start_of(Cut *c, int cut, DType dtype) {
    Builder *b = &c->w->b;
    const Type *t = type_scalar(c->cx, DT_i64);
    Value *at = c->inner_round;
    if (cut < c->batch) {
        int64_t n;
        at = c->round;
        for (int i = c->batch - 1; i > cut; i--) {
            dim_is_int(c->size[i], &n);
            at = ir_div(b, at, ir_fill_int(b, t, n));
        }
        dim_is_int(c->size[cut], &n);
        if (cut) at = ir_rem(b, at, ir_fill_int(b, t, n));
    } else {
        at = ir_mul(b, at, ir_fill_int(b, t, c->rows));
    }
    return ir_convert(b, at, dtype);
}

/* An instruction for the rows of a round; its arguments are cut as `args` says. */
static Value *emit_cut(Cut *c, const Inst *in, const Cuts *k, const Cuts *args) {
    Builder *b = &c->w->b;
    const Type *t = cut_type(c, in->results[0]->type, k);
    Value *x[MAX_RANK];
    Attrs attrs = *in->attrs;
    b->origin = in->origin;
    for (int i = 0; i < in->nargs; i++) x[i] = value_for(c, in->args[i], &args[i]);
    if (op_has_attr(in->op, ATTR_INDEX_shape)) attrs.shape = dims_of(b->arena, t->rank, t->dim);
    Value *y = emit(b, in->op, x, in->nargs, &attrs);
    if (in->op != OP_iota || k->at[in->attrs->axis] == NONE) return y;
    return ir_add(b, y, ir_broadcast_scalar(b, start_of(c, k->at[in->attrs->axis], t->dtype), t));
}

/* How the arguments of something cheap are cut where it is cut so. */
static Cuts cuts_of_cheap_args(const Inst *in, const Cuts *k) {
    if (op_class(in->op) == CLASS_ELEMENTWISE || !in->nargs) return *k;
    Cuts x = no_cuts();
    const Type *t = in->args[0]->type, *y = in->results[0]->type;
    for (int i = 0; i < t->rank; i++) {
        if (in->op == OP_transpose)
            x.at[in->attrs->perm.at[i]] = k->at[i];
        else if (t->dim[i] == y->dim[in->attrs->map.at[i]])
            x.at[i] = k->at[in->attrs->map.at[i]];
    }
    return x;
}

static Value *emit_cheap(Cut *c, const Inst *in, const Cuts *k) {
    Cuts args[4];
    for (int i = 0; i < in->nargs; i++) args[i] = cuts_of_cheap_args(in, k);
    return emit_cut(c, in, k, args);
}

typedef struct {
    int value;
    Cuts cuts;
} Key;

static void key_of(const Value *v, const Cuts *k, Key *key) {
    memset(key, 0, sizeof *key);
    key->value = v->id;
    key->cuts = no_cuts();
    memcpy(key->cuts.at, k->at, (size_t)v->type->rank);
}

/* A value as it is in a round. */
static Value *value_for(Cut *c, const Value *v, const Cuts *k) {
    Key key;
    key_of(v, k, &key);
    Value *known = map_get_bytes(&c->now, &key, sizeof key);
    if (known) return known;
    bool cheap = is_cheap(c, v, 0);
    if (!any_cut(*k, v->type->rank) && !cheap) return walk_value(c->w, v);
    if (!cheap) bug(c->cx, "%s is not there in a round", op_name(v->def->op));
    Value *y = emit_cheap(c, def_here(c, v), k);
    map_set_bytes(&c->now, &key, sizeof key, y);
    return y;
}

/* The cuts of an argument that follow from those of the result. */
Cuts cuts_backward(const Cut *c, const Inst *in, int arg, const Cuts *k) {
    Cuts x = no_cuts();
    const Type *t = in->args[arg]->type;
    if (member_of(c, in->args[arg])) return member_of(c, in->args[arg])->cuts;
    if (op_class(in->op) == CLASS_ELEMENTWISE) return *k;
    if (in->op != OP_dot) return x;
    int batch = (int)in->attrs->batch, n = batch;
    Ints met = arg ? in->attrs->rhs_axes : in->attrs->lhs_axes;
    if (arg) n = in->args[0]->type->rank - in->attrs->lhs_axes.n;
    for (int i = 0; i < t->rank; i++) {
        if (i < batch)
            x.at[i] = k->at[i];
        else if (!listed(met, i))
            x.at[i] = k->at[n++];
    }
    const Member *other = member_of(c, in->args[1 - arg]);
    Ints meets = arg ? in->attrs->lhs_axes : in->attrs->rhs_axes;
    for (int i = 0; i < met.n && other; i++) x.at[met.at[i]] = other->cuts.at[meets.at[i]];
    return x;
}

/* Cut arrays from outside are what loops are given slice by slice: their cut axes first, and those of the batch as one. */
static void gather_outside(Cut *c, const Value *v, const Cuts *k) {
    Key key;
    if (member_of(c, v) || !any_cut(*k, v->type->rank)) return;
    const Inst *in = def_here(c, v);
    if (is_cheap(c, v, 0)) {
        Cuts x = cuts_of_cheap_args(in, k);
        for (int i = 0; i < in->nargs; i++) gather_outside(c, in->args[i], &x);
        return;
    }
    key_of(v, k, &key);
    for (int i = 0; i < c->outside.n; i++) {
        Key other;
        key_of(c->outside.of[i], &c->outside.cuts[i], &other);
        if (!memcmp(&key, &other, sizeof key)) return;
    }
    size_t n = (size_t)c->outside.n;
    c->outside.of = arena_grow(c->arena, c->outside.of, n * sizeof(Value *), (n + 1) * sizeof(Value *));
    c->outside.cuts = arena_grow(c->arena, c->outside.cuts, n * sizeof(Cuts), (n + 1) * sizeof(Cuts));
    c->outside.of[n] = v;
    c->outside.cuts[n] = *k;
    c->outside.n++;
}

/* Cut axes first, in order. */
static void order_of_axes(const Cuts *k, int rank, int64_t *perm) {
    int n = 0;
    for (int cut = 0; cut < MAX_RANK; cut++) {
        for (int i = 0; i < rank; i++) {
            if (k->at[i] == cut) perm[n++] = i;
        }
    }
    for (int i = 0; i < rank; i++) {
        if (k->at[i] == NONE) perm[n++] = i;
    }
}

static bool is_identity(const int64_t *perm, int rank) {
    for (int i = 0; i < rank; i++) {
        if (perm[i] != i) return false;
    }
    return true;
}

typedef struct {
    bool batch, rows; /* which it has */
    int64_t perm[MAX_RANK];
} Given;

/* All batch axes or none. */
static bool given_how(const Cut *c, const Value *v, const Cuts *k, Given *g) {
    int n = 0;
    g->rows = false;
    for (int i = 0; i < v->type->rank; i++) {
        n += k->at[i] != NONE && k->at[i] < c->batch;
        if (c->rows && k->at[i] == c->batch) g->rows = true;
    }
    g->batch = n > 0;
    order_of_axes(k, v->type->rank, g->perm);
    return n == 0 || n == c->batch;
}

static int64_t rounds_of(const Cut *c) {
    int64_t all = 1, n;
    for (int i = 0; i < c->batch; i++) all *= dim_is_int(c->size[i], &n) ? n : 1;
    return all;
}

/* v as [rounds, the rest] or, inside, [blocks, rows, the rest]. */
static Value *as_rounds(Cut *c, Value *v, int ncut, bool rows) {
    Builder *b = &c->w->b;
    const Dim *dim[MAX_RANK + 1];
    int n = 0;
    int64_t all;
    if (rows) {
        dim_is_int(v->type->dim[0], &all);
        dim[n++] = dim_int(c->cx, all / c->rows);
        dim[n++] = dim_int(c->cx, c->rows);
    } else {
        dim[n++] = dim_int(c->cx, rounds_of(c));
    }
    for (int i = ncut; i < v->type->rank; i++) dim[n++] = v->type->dim[i];
    return ir_reshape(b, v, type_of(c->cx, v->type->dtype, n, dim));
}

/* What has the elements of a value of that type, its cut axes first, with the axes in their places again. */
static Value *axes_put_back(Cut *c, Value *v, const Type *t, const Cuts *k) {
    Builder *b = &c->w->b;
    const Dim *dim[MAX_RANK];
    int64_t perm[MAX_RANK], back[MAX_RANK];
    order_of_axes(k, t->rank, perm);
    for (int a = 0; a < t->rank; a++) {
        dim[a] = t->dim[perm[a]];
        back[perm[a]] = a;
    }
    v = ir_reshape(b, v, type_of(c->cx, t->dtype, t->rank, dim));
    return is_identity(back, t->rank) ? v : ir_transpose(b, v, back);
}

/* A slice as the value it is of; cut axes of size 1 are among its own. */
static void put_slice(Cut *c, int i, Value *slice) {
    const Value *v = c->outside.of[i];
    const Cuts *k = &c->outside.cuts[i];
    Key key;
    slice = axes_put_back(c, slice, cut_type(c, v->type, k), k);
    key_of(v, k, &key);
    map_set_bytes(&c->now, &key, sizeof key, slice);
}

static void emit_members(Cut *c, Value **results) {
    for (int at = 0; at < c->end; at++) {
        const Inst *in = c->at[at];
        const Member *m = map_get(&c->members, in);
        if (!m) continue;
        Cuts args[MAX_RANK];
        Key key;
        for (int i = 0; i < in->nargs; i++) args[i] = cuts_backward(c, in, i, &m->cuts);
        Value *y = emit_cut(c, in, &m->cuts, args);
        key_of(m->v, &m->cuts, &key);
        map_set_bytes(&c->now, &key, sizeof key, y);
    }
    for (int i = 0; i < c->leaving.n; i++)
        results[i] = value_for(c, c->leaving.at[i], &member_of(c, c->leaving.at[i])->cuts);
}

/* What leaves a round: [rows, the rest], or the rest alone. */
static Value *leaving_slice(Cut *c, Value *v, const Cuts *k) {
    const Dim *dim[MAX_RANK];
    int n = 0;
    for (int i = 0; i < v->type->rank; i++) {
        if (k->at[i] == c->batch && c->rows) n = 0; /* what stands before the rows has size 1 */
        if (k->at[i] == NONE || (c->rows && k->at[i] == c->batch)) dim[n++] = v->type->dim[i];
    }
    return ir_reshape(&c->w->b, v, type_of(c->cx, v->type->dtype, n, dim));
}

/* [blocks, rows, the rest] as [all rows, the rest] */
static Value *joined_rows(Cut *c, Value *v) {
    const Dim *dim[MAX_RANK];
    dim[0] = c->size[c->batch];
    for (int i = 2; i < v->type->rank; i++) dim[i - 1] = v->type->dim[i];
    return ir_reshape(&c->w->b, v, type_of(c->cx, v->type->dtype, v->type->rank - 1, dim));
}

/* A loop over xs [trip, ...] that carries some values: opens its body. */
static Block *open_loop(Cut *c, Value **carried, int carries, Value **xs, int n, Value **slices, Value **round) {
    Builder *b = &c->w->b;
    Block *body = block_new(b->func, NULL);
    *round = block_param(body, type_scalar(c->cx, DT_i64));
    for (int i = 0; i < carries; i++) carried[i] = block_param(body, carried[i]->type);
    for (int i = 0; i < n; i++) slices[i] = block_param(body, type_without_lead(c->cx, xs[i]->type));
    builder_enter(b, body);
    return body;
}

static const Inst *close_loop(Cut *c, Block *body, int carries, Value **args, int n, Value **results, int64_t trip,
                              bool apart) {
    Builder *b = &c->w->b;
    block_return(b, results, c->leaving.n);
    builder_leave(b);
    Attrs attrs = no_attrs;
    attrs.trip = dim_int(c->cx, trip);
    attrs.carries = carries;
    attrs.apart = apart;
    return emit_region(b, OP_for, args, n, &attrs, &body, 1);
}

static const Member *leaving_at(const Cut *c, int i) { return member_of(c, c->leaving.at[i]); }

/* What rounds add up starts as nothing; the batch axes stay, of size 1. */
static Value *nothing_of(Cut *c, const Value *v) {
    return ir_fill(&c->w->b, cut_type(c, v->type, &member_of(c, v)->cuts), 0);
}

/* The rows of one batch.  What they add up is carried, the rest is stacked. */
static void emit_inner(Cut *c, Value **mine, const Given *given, Value **results, bool apart) {
    int n = 0, sums = 0, count = c->outside.n, nleaving = c->leaving.n;
    Value **xs = NEW_ARRAY(c->arena, Value *, count + nleaving + 1), **slices = NEW_ARRAY(c->arena, Value *, count + 1);
    Value **carried = NEW_ARRAY(c->arena, Value *, nleaving + 1),
          **given_on = NEW_ARRAY(c->arena, Value *, nleaving + 1);
    int *place = NEW_ARRAY(c->arena, int, nleaving + 1);
    int64_t rows;
    dim_is_int(c->size[c->batch], &rows);
    for (int i = 0; i < nleaving; i++) {
        if (!leaving_at(c, i)->sum) continue;
        xs[sums] = carried[sums] = nothing_of(c, c->leaving.at[i]);
        place[i] = sums++;
    }
    for (int i = 0, at = sums; i < nleaving; i++) {
        if (!leaving_at(c, i)->sum) place[i] = at++;
    }
    for (int i = 0; i < count; i++) {
        if (given[i].rows) xs[sums + n++] = as_rounds(c, mine[i], 1, true);
    }
    Block *body = open_loop(c, carried, sums, xs + sums, n, slices, &c->inner_round);
    for (int i = 0, at = 0; i < count; i++) put_slice(c, i, given[i].rows ? slices[at++] : mine[i]);
    emit_members(c, results);
    for (int i = 0; i < nleaving; i++) {
        const Member *m = leaving_at(c, i);
        given_on[place[i]] =
            m->sum ? ir_add(&c->w->b, carried[place[i]], results[i]) : leaving_slice(c, results[i], &m->cuts);
    }
    const Inst *loop = close_loop(c, body, sums, xs, sums + n, given_on, rows / c->rows, apart && !sums);
    for (int i = 0; i < nleaving; i++) {
        Value *v = loop->results[place[i]];
        const Member *m = leaving_at(c, i);
        results[i] = m->sum ? leaving_slice(c, v, &m->cuts) : joined_rows(c, v);
    }
}

static void emit_loops(Cut *c, const Given *given) {
    Builder *b = &c->w->b;
    int n = 0, count = c->outside.n;
    int64_t rounds = rounds_of(c);
    Value **xs = NEW_ARRAY(c->arena, Value *, count + 1), **slices = NEW_ARRAY(c->arena, Value *, count + 1);
    Value **mine = NEW_ARRAY(c->arena, Value *, count + 1);
    Value **results = NEW_ARRAY(c->arena, Value *, c->leaving.n + 1);
    for (int i = 0; i < count; i++) {
        mine[i] = walk_value(c->w, c->outside.of[i]);
        if (!is_identity(given[i].perm, mine[i]->type->rank)) mine[i] = ir_transpose(b, mine[i], given[i].perm);
        if (given[i].batch && c->batch) xs[n++] = as_rounds(c, mine[i], c->batch, false);
    }
    if (!c->batch) {
        emit_inner(c, mine, given, results, true);
    } else {
        Block *body = open_loop(c, NULL, 0, xs, n, slices, &c->round);
        for (int i = 0, at = 0; i < count; i++) {
            if (given[i].batch) mine[i] = slices[at++];
        }
        if (c->rows) {
            emit_inner(c, mine, given, results, rounds < MANY);
        } else {
            for (int i = 0; i < count; i++) put_slice(c, i, mine[i]);
            emit_members(c, results);
            for (int i = 0; i < c->leaving.n; i++)
                results[i] = leaving_slice(c, results[i], &member_of(c, c->leaving.at[i])->cuts);
        }
        const Inst *loop = close_loop(c, body, 0, xs, n, results, rounds, !c->rows || rounds >= MANY);
        for (int i = 0; i < c->leaving.n; i++) results[i] = loop->results[i];
    }
    for (int i = 0; i < c->leaving.n; i++) {
        const Value *v = c->leaving.at[i];
        c->w->map.at[v->id] = axes_put_back(c, results[i], v->type, &member_of(c, v)->cuts);
    }
}

bool take_outside(Cut *c) {
    for (int at = 0; at < c->end; at++) {
        const Inst *in = c->at[at];
        const Member *m = map_get(&c->members, in);
        for (int i = 0; m && i < in->nargs; i++) {
            Cuts k = cuts_backward(c, in, i, &m->cuts);
            gather_outside(c, in->args[i], &k);
        }
    }
    for (int i = 0; i < c->outside.n; i++) {
        Given g;
        if (!given_how(c, c->outside.of[i], &c->outside.cuts[i], &g)) return false;
    }
    return true;
}

void emit_cut_loops(Cut *c) {
    Given *given = NEW_ARRAY(c->arena, Given, c->outside.n + 1);
    for (int i = 0; i < c->outside.n; i++) given_how(c, c->outside.of[i], &c->outside.cuts[i], &given[i]);
    emit_loops(c, given);
}
