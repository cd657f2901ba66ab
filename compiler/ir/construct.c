/* construct: one function for each way of saying an operation, so that rules read as formulas. */
#include "ir/internal.h"

#include <string.h>

Value *ir_unary(Builder *b, Op op, Value *x) { return emit(b, op, &x, 1, NULL); }
Value *ir_binary(Builder *b, Op op, Value *x, Value *y) { return emit(b, op, (Value *[]){ x, y }, 2, NULL); }

static Dims shape_of(const Type *t) { return (Dims){ t->rank, t->dim }; }

Value *ir_constant(Builder *b, const Type *t, int64_t n, const void *elements) {
    return emit(b, OP_constant, NULL, 0, &(Attrs){ .data = { n, elements }, .dtype = t->dtype, .shape = shape_of(t) });
}
Value *ir_fill(Builder *b, const Type *t, double x) {
    char element[16];
    element_set_real(t->dtype, element, x);
    return ir_constant(b, t, 1, element);
}
Value *ir_fill_int(Builder *b, const Type *t, int64_t x) {
    char element[16];
    element_set_int(t->dtype, element, x);
    return ir_constant(b, t, 1, element);
}
Value *ir_bool(Builder *b, bool x) { return ir_fill_int(b, type_scalar(b->cx, DT_bool), x); }
Value *ir_i64(Builder *b, int64_t x) { return ir_fill_int(b, type_scalar(b->cx, DT_i64), x); }
Value *ir_iota(Builder *b, const Type *t, int axis) {
    return emit(b, OP_iota, NULL, 0, &(Attrs){ .dtype = t->dtype, .shape = shape_of(t), .axis = axis });
}
Value *ir_size(Builder *b, const Dim *d) { return emit(b, OP_size, NULL, 0, &(Attrs){ .dim = d }); }

const Dim *ir_bind_size(Builder *b, Value *x, const char *name) {
    Data data;
    if (value_is_constant(x, &data)) return dim_int(b->cx, element_int(x->type->dtype, data.bytes));
    if (x->def && x->def->op == OP_size) return x->def->attrs->dim;
    const SizeVar *v = size_var(b->cx, name, b->origin ? b->origin->span : (Span){ 0 });
    emit_inst(b, OP_bind_size, &x, 1, &(Attrs){ .binds = { 1, &v } });
    return dim_var(b->cx, v);
}

Value *ir_select(Builder *b, Value *c, Value *x, Value *y) {
    return emit(b, OP_select, (Value *[]){ c, x, y }, 3, NULL);
}
Value *ir_fma(Builder *b, Value *x, Value *y, Value *z) { return emit(b, OP_fma, (Value *[]){ x, y, z }, 3, NULL); }
Value *ir_convert(Builder *b, Value *x, DType d) { return emit(b, OP_convert, &x, 1, &(Attrs){ .dtype = d }); }
Value *ir_bitcast(Builder *b, Value *x, DType d) { return emit(b, OP_bitcast, &x, 1, &(Attrs){ .dtype = d }); }
Value *ir_integer_pow(Builder *b, Value *x, int64_t n) {
    return emit(b, OP_integer_pow, &x, 1, &(Attrs){ .exponent = n });
}

Value *ir_broadcast(Builder *b, Value *x, const Type *like, const int64_t *map) {
    return emit(b, OP_broadcast, &x, 1, &(Attrs){ .shape = shape_of(like), .map = { x->type->rank, map } });
}
Value *ir_broadcast_scalar(Builder *b, Value *x, const Type *like) { return ir_broadcast(b, x, like, NULL); }
Value *ir_reshape(Builder *b, Value *x, const Type *like) {
    return emit(b, OP_reshape, &x, 1, &(Attrs){ .shape = shape_of(like) });
}
Value *ir_retype(Builder *b, Value *x, const Type *like, const char *message) {
    return emit(b, OP_retype, &x, 1, &(Attrs){ .shape = shape_of(like), .message = message });
}
Value *ir_transpose(Builder *b, Value *x, const int64_t *perm) {
    return emit(b, OP_transpose, &x, 1, &(Attrs){ .perm = { x->type->rank, perm } });
}
Value *ir_slice(Builder *b, Value *x, const Dim *const *start, const Dim *const *limit, const int64_t *stride) {
    int n = x->type->rank;
    return emit(b, OP_slice, &x, 1, &(Attrs){ .start = { n, start }, .limit = { n, limit }, .stride = { n, stride } });
}
Value *ir_pad(Builder *b, Value *x, Value *filler, const Dim *const *low, const Dim *const *high,
              const int64_t *interior) {
    int n = x->type->rank;
    return emit(b, OP_pad, (Value *[]){ x, filler }, 2,
                &(Attrs){ .low = { n, low }, .high = { n, high }, .interior = { n, interior } });
}
Value *ir_concatenate(Builder *b, Value *const *x, int n, int axis) {
    return emit(b, OP_concatenate, x, n, &(Attrs){ .axis = axis });
}
Value *ir_reverse(Builder *b, Value *x, int naxes, const int64_t *axes) {
    return emit(b, OP_reverse, &x, 1, &(Attrs){ .axes = { naxes, axes } });
}
Value *ir_windows(Builder *b, Value *x, int n, const int64_t *axes, const int64_t *window, const int64_t *step,
                  const int64_t *dilation) {
    return emit(
        b, OP_windows, &x, 1,
        &(Attrs){ .axes = { n, axes }, .window = { n, window }, .step = { n, step }, .dilation = { n, dilation } });
}
Value *ir_reduce(Builder *b, Op op, Value *x, int naxes, const int64_t *axes) {
    return emit(b, op, &x, 1, &(Attrs){ .axes = { naxes, axes } });
}
Value *ir_scan(Builder *b, Op op, Value *x, int axis, bool reversed) {
    return emit(b, op, &x, 1, &(Attrs){ .axis = axis, .reversed = reversed });
}
Value *ir_arg(Builder *b, Op op, Value *x, int axis, DType d) {
    return emit(b, op, &x, 1, &(Attrs){ .axis = axis, .dtype = d });
}
Value *ir_dot(Builder *b, Value *x, Value *y, int batch, int naxes, const int64_t *lhs_axes, const int64_t *rhs_axes) {
    return emit(b, OP_dot, (Value *[]){ x, y }, 2,
                &(Attrs){ .batch = batch, .lhs_axes = { naxes, lhs_axes }, .rhs_axes = { naxes, rhs_axes } });
}
Value *ir_gather(Builder *b, Value *x, Value *idx, int batch, int naxes, const int64_t *axes, GatherMode mode) {
    return emit(b, OP_gather, (Value *[]){ x, idx }, 2,
                &(Attrs){ .batch = batch, .axes = { naxes, axes }, .mode = mode });
}
Value *ir_scatter(Builder *b, Value *x, Value *idx, Value *u, int batch, int naxes, const int64_t *axes, Combine how) {
    return emit(b, OP_scatter, (Value *[]){ x, idx, u }, 3,
                &(Attrs){ .batch = batch, .axes = { naxes, axes }, .combine = how });
}
Value *ir_dynamic_slice(Builder *b, Value *x, Value *const *starts, const Type *like) {
    Value *args[MAX_RANK + 1] = { x };
    for (int i = 0; i < x->type->rank; i++) args[1 + i] = starts[i];
    return emit(b, OP_dynamic_slice, args, 1 + x->type->rank, &(Attrs){ .shape = shape_of(like) });
}
Value *ir_dynamic_update_slice(Builder *b, Value *x, Value *u, Value *const *starts) {
    Value *args[MAX_RANK + 2] = { x, u };
    for (int i = 0; i < x->type->rank; i++) args[2 + i] = starts[i];
    return emit(b, OP_dynamic_update_slice, args, 2 + x->type->rank, NULL);
}

Value *ir_index0(Builder *b, Value *x, Value *i) {
    const Type *t = x->type;
    const Dim *dim[MAX_RANK];
    Value *starts[MAX_RANK];
    memcpy(dim, t->dim, sizeof *dim * (size_t)t->rank);
    dim[0] = dim_int(b->cx, 1);
    for (int k = 0; k < t->rank; k++) starts[k] = k ? ir_fill_int(b, i->type, 0) : i;
    Value *slice = ir_dynamic_slice(b, x, starts, type_of(b->cx, t->dtype, t->rank, dim));
    return ir_reshape(b, slice, type_without_lead(b->cx, t));
}

Inst *ir_call(Builder *b, Func *f, Value *const *args, int nargs, const Dim *const *sizes) {
    Sizes bound = func_bound_sizes(b->arena, f);
    const SizeVar **fresh = NEW_ARRAY(b->arena, const SizeVar *, bound.n);
    for (int i = 0; i < bound.n; i++) fresh[i] = size_var(b->cx, bound.at[i]->name, bound.at[i]->span);
    return emit_inst(b, OP_call, args, nargs,
                     &(Attrs){ .callee = f, .sizes = { f->sizes.n, sizes }, .binds = { bound.n, fresh } });
}
