/* Transposes of what reads and writes at run-time positions.  A read and the write that is its transpose agree on every
** index: a position that is read clamped gets its cotangent where it was clamped to; one that is dropped gets none. */
#include "ops/derive.h"
#include "ops/rules.h"

void transpose_gather(const Transpose *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    Value *x = zeros(b, d->in->args[0]->type);
    Value *idx = a->mode == GATHER_CLIP ? index_clamped(b, x, d->x[1], &a->axes) : d->x[1];
    d->dx[0] = ir_scatter(b, x, idx, d->ct[0], (int)a->batch, a->axes.n, a->axes.at, COMBINE_ADD);
}

/* Whether each update is the last one that falls on its element: as the scatter goes, so do the updates' own numbers. */
static Value *winners(const Transpose *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    const Type *updates = type_with_dtype(b->cx, d->in->args[2]->type, DT_i64), *idx = d->x[1]->type;
    const Dim *one = dim_int(b->cx, 1), *positions = one;
    for (int i = 0; i < idx->rank - 1; i++) positions = dim_mul(b->cx, positions, idx->dim[i]);
    if (positions == one) return NULL; /* a single one wins */
    const Type *flat = type_of(b->cx, DT_i64, 1, &positions);
    const Type *folded = type_of(b->cx, DT_i64, idx->rank - 1, idx->dim);
    int64_t map[MAX_RANK];
    for (int i = 0; i < idx->rank - 1; i++) map[i] = i;
    Value *mine = ir_broadcast(b, ir_reshape(b, ir_iota(b, flat, 0), folded), updates, map);
    Value *none = ir_fill_int(b, type_with_dtype(b->cx, d->in->args[0]->type, DT_i64), -1);
    Value *last = ir_scatter(b, none, d->x[1], mine, (int)a->batch, a->axes.n, a->axes.at, COMBINE_SET);
    return ir_eq(b, mine, ir_gather(b, last, d->x[1], (int)a->batch, a->axes.n, a->axes.at, GATHER_FILL));
}

void transpose_scatter(const Transpose *d) {
    Builder *b = d->b;
    const Attrs *a = d->in->attrs;
    Value *ct = d->ct[0];
    if (a->combine == COMBINE_MUL && d->linear[0]) {
        d->dx[0] = ir_scatter(b, ct, d->x[1], d->x[2], (int)a->batch, a->axes.n, a->axes.at, COMBINE_MUL);
        return;
    }
    if (a->combine != COMBINE_SET && a->combine != COMBINE_ADD)
        bug(b->cx, "a scatter that is not linear is transposed");
    if (d->linear[0]) {
        Value *none = zeros(b, d->in->args[2]->type);
        d->dx[0] = a->combine == COMBINE_ADD
                       ? ct
                       : ir_scatter(b, ct, d->x[1], none, (int)a->batch, a->axes.n, a->axes.at, COMBINE_SET);
    }
    if (!d->linear[2]) return;
    Value *got = ir_gather(b, ct, d->x[1], (int)a->batch, a->axes.n, a->axes.at, GATHER_FILL),
          *zero = number(b, got, 0);
    Value *inside = index_inside(b, ct, d->x[1], &a->axes);
    int64_t map[MAX_RANK];
    for (int i = 0; i < inside->type->rank; i++) map[i] = i;
    got = ir_select(b, ir_broadcast(b, inside, type_with_dtype(b->cx, got->type, DT_bool), map), got, zero);
    Value *wins = a->combine == COMBINE_SET ? winners(d) : NULL;
    d->dx[2] = wins ? ir_select(b, wins, got, zero) : got;
}

void transpose_dynamic_slice(const Transpose *d) {
    Value *x = zeros(d->b, d->in->args[0]->type);
    d->dx[0] = ir_dynamic_update_slice(d->b, x, d->ct[0], d->x + 1);
}

void transpose_dynamic_update_slice(const Transpose *d) {
    const Type *u = d->in->args[1]->type;
    if (d->linear[0]) d->dx[0] = ir_dynamic_update_slice(d->b, d->ct[0], zeros(d->b, u), d->x + 2);
    if (d->linear[1]) d->dx[1] = ir_dynamic_slice(d->b, d->ct[0], d->x + 2, u);
}
