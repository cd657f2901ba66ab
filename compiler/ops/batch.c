/* batch: how an operation treats an axis of lanes in front of its arguments.
**
** Most follow from the operation's class and the `under vmap` column of attrs.def; what is left is in batch_index.c. */
#include "ops/derive.h"
#include "ops/rules.h"

Value *batch_lanes(const Batch *d, int arg) {
    Value *x = d->x[arg];
    if (d->each[arg]) return x;
    int64_t map[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) map[i] = i + 1;
    return ir_broadcast(d->b, x, type_with_lead(d->b->cx, x->type, d->lanes), map);
}

enum { UNDER_KEEP, UNDER_SHIFT, UNDER_COUNT, UNDER_LEAD_SIZE, UNDER_LEAD_AXIS, UNDER_LEAD_ZERO, UNDER_LEAD_ONE };

static int64_t batched_INT(const Batch *d, int64_t x, int under) {
    (void)d;
    return under == UNDER_SHIFT || under == UNDER_COUNT ? x + 1 : x;
}
static Ints batched_INTS(const Batch *d, Ints x, int under) {
    int64_t at[MAX_RANK + 1];
    int n = 0;
    bool axes = under == UNDER_SHIFT || under == UNDER_LEAD_AXIS;
    if (under == UNDER_KEEP) return x;
    if (under != UNDER_SHIFT) at[n++] = under == UNDER_LEAD_ONE;
    for (int i = 0; i < x.n; i++) at[n++] = x.at[i] + axes;
    return ints_of(d->b->arena, n, at);
}
static Dims batched_DIMS(const Batch *d, Dims x, int under) {
    const Dim *at[MAX_RANK + 1];
    if (under == UNDER_KEEP) return x;
    at[0] = under == UNDER_LEAD_SIZE ? d->lanes : dim_int(d->b->cx, 0);
    for (int i = 0; i < x.n; i++) at[i + 1] = x.at[i];
    return dims_of(d->b->arena, x.n + 1, at);
}

/* The attributes of the same operation with lanes in front of everything. */
static Attrs batched_attrs(const Batch *d) {
    Op op = d->in->op;
    Attrs a = *d->in->attrs;
#define batched_DIM(d, x, under) (x)
#define batched_DTYPE(d, x, under) (x)
#define batched_TEXT(d, x, under) (x)
#define batched_DATA(d, x, under) (x)
#define batched_FUNC(d, x, under) (x)
#define batched_SIZES(d, x, under) (x)
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (op_has_attr(op, ATTR_INDEX_##name)) a.name = batched_##kind(d, a.name, UNDER_##under_vmap);
#include "ir/attrs.def"
#undef ATTR
    return a;
}

static void with_lanes(const Batch *d) {
    int n = d->in->nargs;
    Value **x = NEW_ARRAY(d->b->arena, Value *, n);
    for (int i = 0; i < n; i++) x[i] = batch_lanes(d, i);
    Attrs attrs = batched_attrs(d);
    const Inst *in = NULL;
    if (d->in->nresults == 1)
        d->y[0] = emit(d->b, d->in->op, x, n, &attrs);
    else
        in = emit_inst(d->b, d->in->op, x, n, &attrs);
    for (int i = 0; i < d->in->nresults; i++) {
        if (in) d->y[i] = in->results[i];
        d->y_each[i] = true;
    }
}

void ops_batch(const Batch *d) {
    bool (*own)(const Batch *) = op_rules[d->in->op]->batch;
    if (own && own(d)) return;
    with_lanes(d);
}

/* A filler that differs between lanes: pad with zeros, then choose. */
bool batch_pad(const Batch *d) {
    Builder *b = d->b;
    const Type *scalar = type_scalar(b->cx, d->x[1]->type->dtype);
    Attrs attrs = batched_attrs(d);
    Value *x = batch_lanes(d, 0);
    d->y_each[0] = true;
    if (!d->each[1]) {
        d->y[0] = emit(b, OP_pad, (Value *[]){ x, d->x[1] }, 2, &attrs);
        return true;
    }
    Value *padded = emit(b, OP_pad, (Value *[]){ x, ir_fill(b, scalar, 0) }, 2, &attrs);
    Value *inside = ir_fill_int(b, type_with_dtype(b->cx, x->type, DT_bool), 1);
    inside = emit(b, OP_pad, (Value *[]){ inside, ir_bool(b, false) }, 2, &attrs);
    d->y[0] = ir_select(b, inside, padded, ir_broadcast(b, d->x[1], padded->type, &(int64_t){ 0 }));
    return true;
}

/* Lanes of one argument only are one more of its own axes, so that a shared matrix stays shared. */
bool batch_dot(const Batch *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    int batch = (int)a->batch, n = a->lhs_axes.n;
    if (d->each[0] == d->each[1]) return false;
    int mine = d->each[0] ? 0 : 1;
    const Ints *axes = mine == 0 ? &a->lhs_axes : &a->rhs_axes;
    int64_t shifted[MAX_RANK];
    for (int i = 0; i < n; i++) shifted[i] = axes->at[i] + 1;
    Value *x = move_axis(b, d->x[mine], 0, batch);
    Value *y = mine == 0 ? ir_dot(b, x, d->x[1], batch, n, shifted, a->rhs_axes.at)
                         : ir_dot(b, d->x[0], x, batch, n, a->lhs_axes.at, shifted);
    int at = mine == 0 ? batch : d->x[0]->type->rank - n; /* behind the batch, and the rest of x */
    d->y[0] = move_axis(b, y, at, 0);
    d->y_each[0] = true;
    return true;
}

/* Arguments that have no lanes keep none. */
bool batch_barrier(const Batch *d) {
    const Inst *in = emit_inst(d->b, OP_barrier, d->x, d->in->nargs, d->in->attrs);
    for (int i = 0; i < d->in->nargs; i++) {
        d->y[i] = in->results[i];
        d->y_each[i] = d->each[i];
    }
    return true;
}

static Value *lane(const Batch *d, int arg, Value *number) {
    return d->each[arg] ? ir_index0(d->b, d->x[arg], number) : d->x[arg];
}

/* It holds if it holds in every lane; the message is that of the first lane where it does not (or of the first lane), and
** only looked for then. */
bool batch_assert(const Batch *d) {
    Builder *b = d->b;
    Value **x = NEW_ARRAY(b->arena, Value *, d->in->nargs), *first;
    if (dim_is(d->lanes, 0)) return true;
    x[0] = d->each[0] ? ir_reduce(b, OP_reduce_and, d->x[0], 1, &(int64_t){ 0 }) : d->x[0];
    Block *sides[2] = { block_new(b->func, NULL), block_new(b->func, NULL) };
    builder_enter(b, sides[1]);
    block_return(b, NULL, 0);
    builder_leave(b);
    builder_enter(b, sides[0]);
    if (d->each[0])
        first = ir_arg(b, OP_argmax, ir_convert(b, ir_not(b, d->x[0]), DT_i32), 0, DT_i64);
    else
        first = ir_i64(b, 0);
    for (int i = 1; i < d->in->nargs; i++) x[i] = lane(d, i, first);
    emit_inst(b, d->in->op, x, d->in->nargs, d->in->attrs);
    block_return(b, NULL, 0);
    builder_leave(b);
    emit_region(b, OP_cond, x, 1, &no_attrs, sides, 2);
    return true;
}

/* Written, drawn or asked once for each lane, in order. */
bool batch_print(const Batch *d) {
    Builder *b = d->b;
    Attrs attrs = no_attrs;
    if (dim_is(d->lanes, 0) && !d->in->nresults) return true;
    attrs.trip = d->lanes;
    Block *body = block_new(b->func, NULL);
    Value *number = block_param(body, type_scalar(b->cx, DT_i64));
    Value **x = NEW_ARRAY(b->arena, Value *, d->in->nargs);
    builder_enter(b, body);
    for (int i = 0; i < d->in->nargs; i++) x[i] = lane(d, i, number);
    const Inst *one = emit_inst(b, d->in->op, x, d->in->nargs, d->in->attrs);
    block_return(b, one->results, one->nresults);
    builder_leave(b);
    const Inst *all = emit_region(b, OP_for, NULL, 0, &attrs, &body, 1);
    for (int i = 0; i < d->in->nresults; i++) {
        d->y[i] = all->results[i];
        d->y_each[i] = true;
    }
    return true;
}
