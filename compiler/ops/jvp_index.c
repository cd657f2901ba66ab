/* Derivatives of what reads and writes at run-time positions, and of sorting. */
#include "ops/derive.h"
#include "ops/rules.h"

/* A mask over idx's positions as one over gathered values: [batch, positions, rest of x]. */
static Value *mask_of_positions(Builder *b, Value *mask, const Type *gathered) {
    int64_t map[MAX_RANK];
    for (int i = 0; i < mask->type->rank; i++) map[i] = i;
    return ir_broadcast(b, mask, type_with_dtype(b->cx, gathered, DT_bool), map);
}

static Value *only_inside(Builder *b, const Value *x, Value *idx, const Ints *axes, Value *gathered) {
    Value *inside = mask_of_positions(b, index_inside(b, x, idx, axes), gathered->type);
    return ir_select(b, inside, gathered, number(b, gathered, 0));
}

/* Linear in x; what is filled in is constant, so it has tangent 0 where it has value nan. */
void jvp_gather(const Jvp *d) {
    const Attrs *a = d->in->attrs;
    if (!d->t[0]) return;
    Value *dy = ir_gather(d->b, d->t[0], d->x[1], (int)a->batch, a->axes.n, a->axes.at, (GatherMode)a->mode);
    d->dy[0] = a->mode == GATHER_FILL ? only_inside(d->b, d->x[0], d->x[1], &a->axes, dy) : dy;
}

static Value *scatter(const Jvp *d, Value *x, Value *u, Combine combine) {
    const Attrs *a = d->in->attrs;
    return ir_scatter(d->b, x, d->x[1], u, (int)a->batch, a->axes.n, a->axes.at, combine);
}

/* y = x times every update that falls on it.  Updates are taken one at a time, since several may fall on one element and
** dividing the product by one of them fails at zero: before each is applied, dy gains du times the product so far. */
static Value *scatter_products(const Jvp *d) {
    Builder *b = d->b;
    Compiler *cx = b->cx;
    const Attrs *a = d->in->attrs;
    int batch = (int)a->batch, positions = d->x[1]->type->rank - 1 - batch;
    Value *x = d->x[0], *idx = d->x[1], *u = d->x[2], *du = d->t[2];
    const Dim *count = dim_int(cx, 1);
    for (int i = 0; i < positions; i++) count = dim_mul(cx, count, idx->type->dim[batch + i]);
    /* the positions as one axis in front */
    Value *stacked[3] = { idx, u, du };
    for (int k = 0; k < 3; k++) {
        const Type *type = stacked[k]->type;
        const Dim *dim[MAX_RANK + 1];
        int rank = 0;
        for (int i = 0; i < batch; i++) dim[rank++] = type->dim[i];
        dim[rank++] = count;
        for (int i = batch + positions; i < type->rank; i++) dim[rank++] = type->dim[i];
        stacked[k] = move_axis(b, ir_reshape(b, stacked[k], type_of(cx, type->dtype, rank, dim)), batch, 0);
    }
    Attrs attrs = no_attrs;
    attrs.trip = count;
    attrs.carries = 2;
    Block *body = block_new(b->func, NULL);
    block_param(body, type_scalar(cx, DT_i64));
    Value *p = block_param(body, x->type), *dp = block_param(body, x->type), *one[3];
    for (int k = 0; k < 3; k++) one[k] = block_param(body, type_without_lead(cx, stacked[k]->type));
    builder_enter(b, body);
    Value *before = ir_gather(b, p, one[0], batch, a->axes.n, a->axes.at, GATHER_FILL);
    Value *scaled_dp = ir_scatter(b, dp, one[0], one[1], batch, a->axes.n, a->axes.at, COMBINE_MUL);
    Value *gain = ir_mul(b, one[2], before);
    Value *results[] = { ir_scatter(b, p, one[0], one[1], batch, a->axes.n, a->axes.at, COMBINE_MUL),
                         ir_scatter(b, scaled_dp, one[0], gain, batch, a->axes.n, a->axes.at, COMBINE_ADD) };
    block_return(b, results, 2);
    builder_leave(b);
    Value *args[] = { x, tangent_or_zeros(b, d->t[0], x->type), stacked[0], stacked[1], stacked[2] };
    return emit_region(b, OP_for, args, 5, &attrs, &body, 1)->results[1];
}

/* The mean over the element and the updates on it that hold the extremum. */
static Value *scatter_extremum(const Jvp *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    Value *x = d->x[0], *idx = d->x[1], *u = d->x[2], *y = d->y[0];
    Value *at_updates = ir_gather(b, y, idx, (int)a->batch, a->axes.n, a->axes.at, GATHER_FILL);
    Value *x_holds = ir_eq(b, x, y), *u_holds = ir_eq(b, u, at_updates);
    DType dtype = x->type->dtype;
    Value *count = scatter(d, ir_convert(b, x_holds, dtype), ir_convert(b, u_holds, dtype), COMBINE_ADD);
    Value *zero = zeros(b, x->type), *none = zeros(b, u->type);
    Value *tx = d->t[0] ? ir_select(b, x_holds, d->t[0], zero) : zero;
    Value *tu = d->t[2] ? ir_select(b, u_holds, d->t[2], none) : none;
    return ir_div(b, scatter(d, tx, tu, COMBINE_ADD), count);
}

void jvp_scatter(const Jvp *d) {
    Value *tx = tangent_or_zeros(d->b, d->t[0], d->x[0]->type);
    Combine combine = (Combine)d->in->attrs->combine;
    switch (combine) {
    case COMBINE_SET:
    case COMBINE_ADD: d->dy[0] = scatter(d, tx, tangent_or_zeros(d->b, d->t[2], d->x[2]->type), combine); break;
    case COMBINE_MUL: d->dy[0] = d->t[2] ? scatter_products(d) : scatter(d, tx, d->x[2], COMBINE_MUL); break;
    case COMBINE_MIN:
    case COMBINE_MAX: d->dy[0] = scatter_extremum(d); break;
    }
}

void jvp_dynamic_update_slice(const Jvp *d) {
    Value *t = tangent_or_zeros(d->b, d->t[0], d->x[0]->type), *tu = tangent_or_zeros(d->b, d->t[1], d->x[1]->type);
    d->dy[0] = ir_dynamic_update_slice(d->b, t, tu, d->x + 2);
}

/* Sorted along with the rest, the numbers 0, 1, 2, ... become the permutation, by which tangents are read.  The results
** of that sort are the results of this one. */
void jvp_sort(const Jvp *d) {
    Builder *b = d->b;
    int n = d->in->nargs, axis = (int)d->in->attrs->axis, last = d->x[0]->type->rank - 1;
    Value **x = NEW_ARRAY(b->arena, Value *, n + 1);
    for (int i = 0; i < n; i++) x[i] = d->x[i];
    x[n] = ir_iota(b, type_with_dtype(b->cx, x[0]->type, DT_i64), axis);
    const Inst *sorted = emit_inst(b, OP_sort, x, n + 1, d->in->attrs);
    for (int i = 0; i < n; i++) d->y[i] = sorted->results[i];
    Value *from = move_axis(b, sorted->results[n], axis, last);
    from = ir_reshape(b, from, type_insert_axis(b->cx, from->type, last + 1, dim_int(b->cx, 1)));
    for (int i = 0; i < n; i++) {
        if (!d->t[i]) continue;
        Value *t = ir_gather(b, move_axis(b, d->t[i], axis, last), from, last, 1, &(int64_t){ last }, GATHER_CLIP);
        d->dy[i] = move_axis(b, t, last, axis);
    }
}
