/* derive: the helpers of derivative and batching rules, and the rules that follow from a row's `linear` column. */
#include "ops/derive.h"

#include "ops/rules.h"

Value *sum_of(Builder *b, Value *x, Value *y) { return !x ? y : !y ? x : ir_add(b, x, y); }

Value *tangent_or_zeros(Builder *b, Value *t, const Type *type) { return t ? t : zeros(b, type); }

Value *move_axis(Builder *b, Value *x, int from, int to) {
    int64_t perm[MAX_RANK];
    int n = 0, rank = x->type->rank;
    if (from == to) return x;
    for (int i = 0; i < rank; i++) {
        if (i == from) continue;
        if (n == to) perm[n++] = from;
        perm[n++] = i;
    }
    if (n < rank) perm[n] = from;
    return ir_transpose(b, x, perm);
}

Ints axes_from_to(Arena *arena, int from, int to) {
    int64_t at[MAX_RANK];
    int n = 0;
    for (int i = from; i < to; i++) at[n++] = i;
    return ints_of(arena, n, at);
}

static bool contains(const Ints *axes, int axis) {
    for (int i = 0; i < axes->n; i++)
        if (axes->at[i] == axis) return true;
    return false;
}

const Type *type_drop_axes(Compiler *cx, const Type *type, const Ints *axes) {
    const Dim *dim[MAX_RANK];
    int rank = 0;
    for (int i = 0; i < type->rank; i++)
        if (!contains(axes, i)) dim[rank++] = type->dim[i];
    return type_of(cx, type->dtype, rank, dim);
}

const Type *type_insert_axis(Compiler *cx, const Type *type, int at, const Dim *size) {
    const Dim *dim[MAX_RANK + 1];
    for (int i = 0; i <= type->rank; i++) dim[i] = i < at ? type->dim[i] : i == at ? size : type->dim[i - 1];
    return type_of(cx, type->dtype, type->rank + 1, dim);
}

Value *broadcast_along(Builder *b, Value *x, const Type *like, const Ints *axes) {
    int64_t map[MAX_RANK];
    int n = 0;
    for (int i = 0; i < like->rank; i++)
        if (!contains(axes, i)) map[n++] = i;
    return ir_broadcast(b, x, type_with_dtype(b->cx, like, x->type->dtype), map);
}

Value *slice_axis(Builder *b, Value *x, int axis, const Dim *start, const Dim *limit) {
    const Dim *starts[MAX_RANK], *limits[MAX_RANK];
    int64_t stride[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) {
        starts[i] = i == axis ? start : dim_int(b->cx, 0);
        limits[i] = i == axis ? limit : x->type->dim[i];
        stride[i] = 1;
    }
    return ir_slice(b, x, starts, limits, stride);
}

/* The sizes of the indexed axes of x, as i64 of the shape of idx. */
static Value *index_limits(Builder *b, const Value *x, const Value *idx, const Ints *axes) {
    Compiler *cx = b->cx;
    const Dim *one = dim_int(cx, 1);
    const Type *single = type_of(cx, DT_i64, 1, &one);
    Value *size[MAX_RANK];
    for (int i = 0; i < axes->n; i++) size[i] = ir_reshape(b, ir_size(b, x->type->dim[axes->at[i]]), single);
    int64_t map = idx->type->rank - 1;
    return ir_broadcast(b, ir_concatenate(b, size, axes->n, 0), type_with_dtype(cx, idx->type, DT_i64), &map);
}

Value *index_inside(Builder *b, const Value *x, Value *idx, const Ints *axes) {
    Value *at = ir_convert(b, idx, DT_i64);
    Value *inside = ir_and(b, ir_ge(b, at, ir_fill_int(b, at->type, 0)), ir_lt(b, at, index_limits(b, x, idx, axes)));
    int64_t last = idx->type->rank - 1;
    return ir_reduce(b, OP_reduce_and, inside, 1, &last);
}

Value *index_clamped(Builder *b, const Value *x, Value *idx, const Ints *axes) {
    Value *at = ir_convert(b, idx, DT_i64);
    Value *last = ir_sub(b, index_limits(b, x, idx, axes), ir_fill_int(b, at->type, 1));
    return ir_max(b, ir_min(b, at, last), ir_fill_int(b, at->type, 0));
}

/* The operation on the tangents of some arguments, the others as they are. */
static Value *on_tangents(const Jvp *d, int from, int to) {
    Value **x = NEW_ARRAY(d->b->arena, Value *, d->in->nargs);
    for (int i = 0; i < d->in->nargs; i++)
        x[i] = i < from || i >= to ? d->x[i] : tangent_or_zeros(d->b, d->t[i], d->x[i]->type);
    return emit(d->b, d->in->op, x, d->in->nargs, d->in->attrs);
}

/* Operations that give back each of their arguments: those that move, by themselves. */
static void tangents_alone(const Jvp *d) {
    Value **t = NEW_ARRAY(d->b->arena, Value *, d->in->nargs);
    int n = 0;
    for (int i = 0; i < d->in->nargs; i++)
        if (d->t[i]) t[n++] = d->t[i];
    const Inst *moved = emit_inst(d->b, d->in->op, t, n, d->in->attrs);
    n = 0;
    for (int i = 0; i < d->in->nargs; i++)
        if (d->t[i]) d->dy[i] = moved->results[n++];
}

/* The product rule: the sum over the arguments that move. */
static void each(const Jvp *d) {
    for (int i = 0; i < d->in->nargs; i++)
        if (d->t[i])
            d->dy[0] =
                sum_of(d->b, d->dy[0], on_tangents(&(Jvp){ .b = d->b, .in = d->in, .x = d->x, .t = d->t }, i, i + 1));
}

void ops_jvp(const Jvp *d) {
    const Inst *in = d->in;
    bool any = false;
    for (int i = 0; i < in->nargs; i++) any |= d->t[i] != NULL;
    if (!any) return;
    if (op_rules[in->op]->jvp) {
        op_rules[in->op]->jvp(d);
        return;
    }
    switch (op_linear(in->op)) {
    case LINEAR_ALL:
        if (op_nresults(in->op) == 1)
            d->dy[0] = on_tangents(d, 0, in->nargs);
        else
            tangents_alone(d);
        break;
    case LINEAR_EACH: each(d); break;
    case LINEAR_FIRST:
        if (d->t[0]) d->dy[0] = on_tangents(d, 0, 1);
        break;
    case LINEAR_REST: d->dy[0] = on_tangents(d, 1, in->nargs); break;
    case LINEAR_FLAT: break;
    case LINEAR_CURVED:
    case LINEAR_OWN: bug(d->b->cx, "%s has no derivative rule", op_name(in->op));
    }
}

void ops_transpose(const Transpose *d) {
    if (!op_rules[d->in->op]->transpose) bug(d->b->cx, "%s has no transpose rule", op_name(d->in->op));
    op_rules[d->in->op]->transpose(d);
}
