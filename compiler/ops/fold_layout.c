/* fold_layout: layouts that change nothing, and two in a row that are one. */
#include "ops/rules.h"

#include <string.h>

static bool is_made_by(const Value *v, Op op) { return v->def && v->def->op == op; }
static const Type *result_type(const Inst *in) { return in->results[0]->type; }
static bool all_zero(Dims d) {
    for (int i = 0; i < d.n; i++)
        if (!dim_is(d.at[i], 0)) return false;
    return true;
}

/* Every element is the same known one: only the shape matters. */
static Value *same_splat(Builder *b, const Inst *in) {
    Data data;
    if (!value_is_constant(in->args[0], &data) || data.n != 1) return NULL;
    return ir_constant(b, result_type(in), 1, data.bytes);
}

Value *fold_size(Builder *b, const Inst *in) {
    int64_t value;
    return dim_is_int(in->attrs->dim, &value) ? ir_i64(b, value) : NULL;
}

Value *fold_broadcast(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    if (x->type == result_type(in)) return x; /* the map is ascending, so it is the identity */
    if (!is_made_by(x, OP_broadcast)) return same_splat(b, in);
    int64_t map[MAX_RANK];
    Value *first = x->def->args[0];
    for (int i = 0; i < first->type->rank; i++) map[i] = in->attrs->map.at[x->def->attrs->map.at[i]];
    return ir_broadcast(b, first, result_type(in), map);
}
Value *fold_reshape(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    if (x->type == result_type(in)) return x;
    return is_made_by(x, OP_reshape) ? ir_reshape(b, x->def->args[0], result_type(in)) : same_splat(b, in);
}
Value *fold_retype(Builder *b, const Inst *in) {
    (void)b;
    return in->args[0]->type == result_type(in) ? in->args[0] : NULL;
}

Value *fold_transpose(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    Ints perm = in->attrs->perm;
    bool identity = true;
    for (int i = 0; i < perm.n; i++) identity = identity && perm.at[i] == i;
    if (identity) return x;
    if (!is_made_by(x, OP_transpose)) return same_splat(b, in);
    int64_t both[MAX_RANK];
    for (int i = 0; i < perm.n; i++) both[i] = x->def->attrs->perm.at[perm.at[i]];
    return ir_transpose(b, x->def->args[0], both);
}

static bool all_one(Ints x) {
    for (int i = 0; i < x.n; i++)
        if (x.at[i] != 1) return false;
    return true;
}
Value *fold_slice(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    const Attrs *a = in->attrs;
    if (x->type == result_type(in) && all_zero(a->start) && all_one(a->stride)) return x;
    if (!is_made_by(x, OP_slice) || !all_one(x->def->attrs->stride)) return same_splat(b, in);
    const Dim *start[MAX_RANK], *limit[MAX_RANK];
    for (int i = 0; i < a->start.n; i++) {
        const Dim *first = x->def->attrs->start.at[i];
        start[i] = dim_add(b->cx, first, a->start.at[i]);
        limit[i] = dim_add(b->cx, first, a->limit.at[i]);
    }
    return ir_slice(b, x->def->args[0], start, limit, a->stride.at);
}

Value *fold_pad(Builder *b, const Inst *in) {
    const Attrs *a = in->attrs;
    Data x, filler;
    bool inside = false;
    for (int i = 0; i < a->interior.n; i++) inside = inside || a->interior.at[i];
    if (all_zero(a->low) && all_zero(a->high) && !inside) return in->args[0];
    if (!value_is_constant(in->args[0], &x) || !value_is_constant(in->args[1], &filler) || x.n != 1) return NULL;
    bool same = memcmp(x.bytes, filler.bytes, (size_t)dtype_bytes(result_type(in)->dtype)) == 0;
    return same ? ir_constant(b, result_type(in), 1, x.bytes) : NULL;
}

Value *fold_concatenate(Builder *b, const Inst *in) {
    int axis = (int)in->attrs->axis, n = 0;
    if (in->nargs == 1) return in->args[0];
    Value **kept = NEW_ARRAY(b->arena, Value *, in->nargs);
    for (int i = 0; i < in->nargs; i++)
        if (!dim_is(in->args[i]->type->dim[axis], 0)) kept[n++] = in->args[i];
    if (n == 0) return in->args[0];
    if (n < in->nargs) return ir_concatenate(b, kept, n, axis);
    Data first, other;
    if (!value_is_constant(in->args[0], &first) || first.n != 1) return NULL;
    for (int i = 1; i < n; i++)
        if (!value_is_constant(in->args[i], &other) || other.n != 1 ||
            memcmp(first.bytes, other.bytes, (size_t)dtype_bytes(result_type(in)->dtype)))
            return NULL;
    return ir_constant(b, result_type(in), 1, first.bytes);
}

Value *fold_reverse(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    Ints axes = in->attrs->axes;
    int64_t kept[MAX_RANK];
    int n = 0;
    for (int i = 0; i < axes.n; i++)
        if (!dim_is(x->type->dim[axes.at[i]], 1)) kept[n++] = axes.at[i];
    if (n == 0) return x;
    if (n < axes.n) return ir_reverse(b, x, n, kept);
    bool twice = is_made_by(x, OP_reverse) && x->def->attrs->axes.n == n &&
                 !memcmp(x->def->attrs->axes.at, kept, sizeof *kept * (size_t)n);
    return twice ? x->def->args[0] : same_splat(b, in);
}

/* A sum over axes of size 1 is not its only term where that is -0; every other reduction is. */
static Value *reduce_nothing(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    for (int i = 0; i < in->attrs->axes.n; i++)
        if (!dim_is(x->type->dim[in->attrs->axes.at[i]], 1)) return NULL;
    if (in->attrs->axes.n && in->op == OP_reduce_sum && dtype_is_inexact(x->type->dtype)) return NULL;
    return ir_reshape(b, x, result_type(in));
}
Value *fold_reduce_sum(Builder *b, const Inst *in) {
    if (value_is_zero(in->args[0])) return ir_fill_int(b, result_type(in), 0);
    return reduce_nothing(b, in);
}
Value *fold_reduce_prod(Builder *b, const Inst *in) {
    double x;
    if (value_is_splat(in->args[0], &x) && x == 1) return ir_fill_int(b, result_type(in), 1);
    return reduce_nothing(b, in);
}
Value *fold_reduce_max(Builder *b, const Inst *in) { return reduce_nothing(b, in); }
Value *fold_reduce_min(Builder *b, const Inst *in) { return reduce_nothing(b, in); }
Value *fold_reduce_and(Builder *b, const Inst *in) { return reduce_nothing(b, in); }
Value *fold_reduce_or(Builder *b, const Inst *in) { return reduce_nothing(b, in); }
Value *fold_reduce_xor(Builder *b, const Inst *in) { return reduce_nothing(b, in); }

/* Starts that are known and lie inside make it a slice. */
Value *fold_dynamic_slice(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    const Dim *start[MAX_RANK], *limit[MAX_RANK], *zero = dim_int(b->cx, 0);
    int64_t stride[MAX_RANK];
    if (x->type == result_type(in)) return x;
    for (int i = 0; i < x->type->rank; i++) {
        Value *s = in->args[1 + i];
        Data data;
        bool whole = x->type->dim[i] == in->attrs->shape.at[i];
        if (!whole && is_made_by(s, OP_size))
            start[i] = s->def->attrs->dim;
        else if (!whole && value_is_constant(s, &data))
            start[i] = dim_int(b->cx, element_int(s->type->dtype, data.bytes));
        else if (whole)
            start[i] = zero;
        else
            return NULL;
        limit[i] = dim_add(b->cx, start[i], in->attrs->shape.at[i]);
        stride[i] = 1;
        if (!dim_at_least(b->cx, start[i], zero) || !dim_at_least(b->cx, x->type->dim[i], limit[i])) return NULL;
    }
    return ir_slice(b, x, start, limit, stride);
}
