/* index: scatter, updates of a slice, and where things are not zero. */
#include "loop/lower.h"

#include <string.h>

static void copy_body(Pull *p, const Idx *idx, void *context) {
    const Inst *in = context;
    store_at(p, in->results[0]->type, home_of(p->l, in->results[0]).ptr, idx, pull(p, in->args[0], idx));
}

/* The argument's elements in memory of the result's own: copied, or computed there. */
static LValue *copied(Lower *l, const Inst *in) {
    const Value *x = in->args[0], *y = in->results[0];
    LValue *to = home_new(l, y).ptr;
    if (home_of(l, x).ptr) {
        store_home(l, x, to);
        return to;
    }
    Axes axes = { y->type->rank, { 0 } };
    for (int i = 0; i < axes.n; i++) axes.dim[i] = y->type->dim[i];
    int lanes = lanes_for(l, dtype_bytes(dtype_real(y->type->dtype)));
    nest(l, &axes, (Work){ 0.1 + pull_cost(l, x), NULL }, lanes, copy_body, (void *)in);
    return to;
}

static Elem combined(Lower *l, const Inst *in, Elem old, Elem u) {
    static const Op ops[] = {
        [COMBINE_ADD] = OP_add, [COMBINE_MUL] = OP_mul, [COMBINE_MIN] = OP_min, [COMBINE_MAX] = OP_max
    };
    LBuilder *b = &l->b;
    Combine how = (Combine)in->attrs->combine;
    if (how == COMBINE_SET) return u;
    if (u.im && how == COMBINE_MUL) return complex_mul(l, old, u);
    Elem y = { loop_apply(b, ops[how], 2, (LValue *[]){ old.re, u.re }), NULL };
    if (u.im) y.im = loop_add(b, old.im, u.im);
    return y;
}

/* One position of idx, and the part of x that it names. */
static void scatter_body(Pull *p, const Idx *idx, void *context) {
    const Inst *in = context;
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *where = in->args[1], *u = in->args[2];
    const Type *t = x->type;
    int batch = (int)in->attrs->batch, lead = where->type->rank - 1;
    Idx at[MAX_RANK], coordinate[MAX_RANK];
    bool indexed[MAX_RANK] = { false };
    LValue *inside = loop_bool(b, true);
    memcpy(coordinate, idx, sizeof(Idx) * (size_t)lead);
    for (int i = 0; i < batch; i++) at[i] = idx[i];
    Pull one = { .l = l, .lanes = 1 };
    for (int k = 0; k < in->attrs->axes.n; k++) {
        int64_t a = in->attrs->axes.at[k];
        coordinate[lead] = idx_at(loop_i64(b, k));
        LValue *i = lower_index(l, pull(&one, where, coordinate).re), *n = lower_dim(l, t->dim[a]);
        LValue *low = loop_binary(b, OP_ge, i, loop_i64(b, 0));
        inside = loop_binary(b, OP_and, inside, loop_binary(b, OP_and, low, loop_binary(b, OP_lt, i, n)));
        at[a] = idx_at(i);
        indexed[a] = true;
    }
    for (int a = batch, next = lead; a < t->rank; a++) {
        if (!indexed[a]) at[a] = idx[next++];
    }
    LLoop f = loop_if(b, inside);
    LValue *to = home_of(l, in->results[0]).ptr;
    Elem e = elem_splat(l, pull(p, u, idx), p->lanes), old = { NULL, NULL };
    if (in->attrs->combine != COMBINE_SET) old = load_at(p, t, to, at);
    store_at(p, t, to, at, combined(l, in, old, e));
    loop_end_then(b, &f);
}

/* Runs on one thread and in index order: that is the order in which terms are added.  Axes of x that are not indexed are the
** last ones of the updates; if there are any, positions differ along them, so they may be vectors. */
static void lower_scatter(Lower *l, const Inst *in) {
    const Type *u = in->args[2]->type;
    copied(l, in);
    int lead = in->args[1]->type->rank - 1;
    bool last_is_x = u->rank > lead && !dim_is(u->dim[u->rank - 1], 1); /* else vectors would run along positions */
    Axes axes = { u->rank, { 0 } };
    for (int i = 0; i < u->rank; i++) axes.dim[i] = u->dim[i];
    bool before = l->serial;
    l->serial = true;
    nest(l, &axes, (Work){ 1, NULL }, last_is_x ? lanes_for(l, dtype_bytes(dtype_real(u->dtype))) : 1, scatter_body,
         (void *)in);
    l->serial = before;
}

typedef struct {
    const Inst *in;
    LValue *to, *start[MAX_RANK];
} Update;

static void update_body(Pull *p, const Idx *idx, void *context) {
    const Update *q = context;
    const Type *t = q->in->args[0]->type;
    Idx at[MAX_RANK];
    for (int a = 0; a < t->rank; a++) at[a] = idx_add(p, idx[a], q->start[a]);
    store_at(p, t, q->to, at, pull(p, q->in->args[1], idx));
}

static void lower_update_slice(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Type *t = in->args[0]->type, *u = in->args[1]->type;
    Update q = { .in = in, .to = copied(l, in) };
    Axes axes = { u->rank, { 0 } };
    for (int a = 0; a < u->rank; a++) {
        axes.dim[a] = u->dim[a];
        LValue *room = loop_sub(b, lower_dim(l, t->dim[a]), lower_dim(l, u->dim[a]));
        LValue *i = loop_binary(b, OP_min, lower_index(l, scalar_of(l, in->args[2 + a]).re), room);
        q.start[a] = loop_binary(b, OP_max, i, loop_i64(b, 0));
    }
    nest(l, &axes, (Work){ 0.1, NULL }, lanes_for(l, dtype_bytes(dtype_real(u->dtype))), update_body, &q);
}

static LValue *not_zero(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    if (x.re->type.dtype == DT_bool) return x.re;
    LValue *re = x.re->type.dtype == DT_f16 || x.re->type.dtype == DT_bf16 ? loop_convert(b, x.re, DT_f32) : x.re;
    LValue *y = loop_binary(b, OP_ne, re, loop_int(b, re->type, 0));
    return x.im ? loop_binary(b, OP_or, y, loop_binary(b, OP_ne, x.im, loop_int(b, x.im->type, 0))) : y;
}

/* Counts, then writes the positions. */
static void lower_nonzero(Lower *l, const Inst *in) {
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *y = in->results[0];
    LValue *zero = loop_i64(b, 0), *one = loop_i64(b, 1), *count = NULL;
    if (x->type->rank == 0) {
        count = loop_select(b, not_zero(l, scalar_of(l, x)), one, zero);
        map_set(&l->sizes, (void *)in->attrs->binds.at[0], count);
        lower_buffers(l, in);
        home_new(l, y);
        return;
    }
    LValue *n = lower_elements(l, x->type), *from = home_of(l, x).ptr;
    LLoop f = loop_for(b, zero, n, 1, 1, &zero);
    LValue *here = not_zero(l, elem_load(l, x->type->dtype, 1, from, f.i, 1, NULL, false));
    LValue *next = loop_select(b, here, loop_add(b, f.carry[0], one), f.carry[0]);
    loop_end(b, &f, &next);
    map_set(&l->sizes, (void *)in->attrs->binds.at[0], f.carry[0]);
    lower_buffers(l, in);
    LValue *to = home_new(l, y).ptr, *rank = loop_i64(b, x->type->rank);
    f = loop_for(b, zero, n, 1, 1, &zero);
    here = not_zero(l, elem_load(l, x->type->dtype, 1, from, f.i, 1, NULL, false));
    LLoop is = loop_if(b, here);
    LValue *rest = f.i, *at = loop_mul(b, f.carry[0], rank);
    for (int a = x->type->rank - 1; a >= 0; a--) {
        LValue *size = lower_dim(l, x->type->dim[a]);
        loop_store(b, a ? loop_binary(b, OP_rem, rest, size) : rest, to, loop_add(b, at, loop_i64(b, a)), 1, NULL);
        if (a) rest = loop_binary(b, OP_div, rest, size);
    }
    loop_end_then(b, &is);
    next = loop_select(b, here, loop_add(b, f.carry[0], one), f.carry[0]);
    loop_end(b, &f, &next);
}

void lower_index_op(Lower *l, const Inst *in) {
    switch ((int)in->op) {
    case OP_scatter: lower_scatter(l, in); break;
    case OP_dynamic_update_slice: lower_update_slice(l, in); break;
    case OP_nonzero: lower_nonzero(l, in); break;
    default: lower_map(l, in); break;
    }
}
