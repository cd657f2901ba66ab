/* Derivatives of products, largest and smallest elements, and their running forms. */
#include "ops/derive.h"
#include "ops/rules.h"

/* Running product of what stands before (or behind) each element, which is left out. */
static Value *product_of_others(Builder *b, Value *x, int axis, bool behind) {
    Compiler *cx = b->cx;
    const Dim *low[MAX_RANK], *high[MAX_RANK];
    int64_t interior[MAX_RANK] = { 0 };
    for (int i = 0; i < x->type->rank; i++) low[i] = high[i] = dim_int(cx, 0);
    low[axis] = dim_int(cx, behind ? -1 : 1);
    high[axis] = dim_int(cx, behind ? 1 : -1);
    Value *one = ir_fill(b, type_scalar(cx, x->type->dtype), 1);
    return ir_pad(b, ir_scan(b, OP_cumprod, x, axis, behind), one, low, high, interior);
}

/* The axes of a reduction as one last axis; others keep their order. */
static Value *gathered_last(Builder *b, Value *x, const Ints *axes) {
    const Dim *dim[MAX_RANK], *product = dim_int(b->cx, 1);
    int rank = 0;
    for (int i = 0; i < axes->n; i++) x = move_axis(b, x, (int)axes->at[i] - i, x->type->rank - 1);
    for (int i = 0; i < x->type->rank; i++) {
        if (i < x->type->rank - axes->n)
            dim[rank++] = x->type->dim[i];
        else
            product = dim_mul(b->cx, product, x->type->dim[i]);
    }
    dim[rank++] = product;
    return ir_reshape(b, x, type_of(b->cx, x->type->dtype, rank, dim));
}

/* Each element's tangent times the product of the others: no division, so zeros are nothing special. */
void jvp_reduce_prod(const Jvp *d) {
    Builder *b = d->b;
    const Ints *axes = &d->in->attrs->axes;
    if (axes->n == 0) {
        d->dy[0] = d->t[0];
        return;
    }
    Value *x = gathered_last(b, d->x[0], axes), *t = gathered_last(b, d->t[0], axes);
    int last = x->type->rank - 1;
    Value *others = ir_mul(b, product_of_others(b, x, last, false), product_of_others(b, x, last, true));
    d->dy[0] = ir_reduce(b, OP_reduce_sum, ir_mul(b, t, others), 1, &(int64_t){ last });
}

/* The mean over the k places that hold the extremum. */
static void reduce_extremum(const Jvp *d) {
    Builder *b = d->b;
    const Ints *axes = &d->in->attrs->axes;
    Value *x = d->x[0], *t = d->t[0];
    Value *holds = ir_eq(b, x, broadcast_along(b, d->y[0], x->type, axes));
    Value *count = ir_reduce(b, OP_reduce_sum, ir_convert(b, holds, x->type->dtype), axes->n, axes->at);
    Value *sum = ir_reduce(b, OP_reduce_sum, ir_select(b, holds, t, number(b, t, 0)), axes->n, axes->at);
    d->dy[0] = ir_div(b, sum, count);
}
void jvp_reduce_max(const Jvp *d) { reduce_extremum(d); }
void jvp_reduce_min(const Jvp *d) { reduce_extremum(d); }

/* p' = p x and dp' = dp x + p dx, one step along the axis after another; linear in dx, and zeros are nothing special. */
void jvp_cumprod(const Jvp *d) {
    Builder *b = d->b;
    Compiler *cx = b->cx;
    int axis = (int)d->in->attrs->axis;
    Value *x = move_axis(b, d->x[0], axis, 0), *t = move_axis(b, d->t[0], axis, 0);
    const Type *slice = type_without_lead(cx, x->type);
    Attrs attrs = no_attrs;
    attrs.trip = x->type->dim[0];
    attrs.carries = 2;
    attrs.reversed = d->in->attrs->reversed;

    Block *body = block_new(b->func, NULL);
    block_param(body, type_scalar(cx, DT_i64));
    Value *p = block_param(body, slice), *dp = block_param(body, slice);
    Value *xi = block_param(body, slice), *ti = block_param(body, slice);
    builder_enter(b, body);
    Value *next = ir_add(b, ir_mul(b, dp, xi), ir_mul(b, ti, p));
    block_return(b, (Value *[]){ ir_mul(b, p, xi), next, next }, 3);
    builder_leave(b);

    Value *args[] = { ir_fill(b, slice, 1), zeros(b, slice), x, t };
    const Inst *loop = emit_region(b, OP_for, args, 4, &attrs, &body, 1);
    d->dy[0] = move_axis(b, loop->results[2], 0, axis);
}

/* The tangent of the place where the running extremum was first reached: places where a new one is reached are marked by
** their number, whose running maximum says for each element which it is. */
static void running_extremum(const Jvp *d) {
    Builder *b = d->b;
    int axis = (int)d->in->attrs->axis, last = d->x[0]->type->rank - 1;
    bool reversed = d->in->attrs->reversed;
    Value *x = move_axis(b, d->x[0], axis, last), *y = move_axis(b, d->y[0], axis, last);
    Value *t = move_axis(b, d->t[0], axis, last);
    const Type *whole = type_with_dtype(b->cx, x->type, DT_i64);
    Value *place = ir_iota(b, whole, last);
    const Dim *low[MAX_RANK], *high[MAX_RANK];
    int64_t interior[MAX_RANK] = { 0 };
    for (int i = 0; i <= last; i++) low[i] = high[i] = dim_int(b->cx, 0);
    low[last] = dim_int(b->cx, reversed ? -1 : 1);
    high[last] = dim_int(b->cx, reversed ? 1 : -1);
    Value *before = ir_pad(b, y, ir_fill(b, type_scalar(b->cx, y->type->dtype), 0), low, high, interior);
    Value *edge = reversed ? ir_sub(b, ir_size(b, x->type->dim[last]), ir_i64(b, 1)) : ir_i64(b, 0);
    Value *first = ir_eq(b, place, ir_broadcast_scalar(b, edge, whole));
    Value *fresh = ir_or(b, first, ir_ne(b, y, before));
    Value *none = ir_fill_int(b, whole, reversed ? INT64_MAX : -1);
    Value *from = ir_scan(b, reversed ? OP_cummin : OP_cummax, ir_select(b, fresh, place, none), last, reversed);
    const Type *columns = type_insert_axis(b->cx, from->type, last + 1, dim_int(b->cx, 1));
    Value *got = ir_gather(b, t, ir_reshape(b, from, columns), last, 1, &(int64_t){ last }, GATHER_CLIP);
    d->dy[0] = move_axis(b, got, last, axis);
}
void jvp_cummax(const Jvp *d) { running_extremum(d); }
void jvp_cummin(const Jvp *d) { running_extremum(d); }
