/* vmap_collective: collectives over the axis that is mapped over become operations along the axis of the lanes. */
#include "transform/lanes.h"

bool collective_spreads(Op op) {
    return !(op == OP_psum || op == OP_pmax || op == OP_pmin || op == OP_all_gather); /* a part for each lane */
}

static Value *reduced(Vmap *w, Op op, Value *x) { return ir_reduce(&w->b, op, x, 1, &(int64_t){ 0 }); }

/* x as often as there are lanes. */
static Value *times_lanes(Vmap *w, Value *x) {
    Value *n = ir_convert(&w->b, ir_size(&w->b, w->lanes), x->type->dtype);
    return ir_mul(&w->b, x, ir_broadcast_scalar(&w->b, n, x->type));
}

/* The axis that each lane has of its own is as long as there are lanes. */
static Value *with_own_axis(Vmap *w, Value *x, int axis) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) dim[i] = i == axis ? w->lanes : x->type->dim[i];
    return ir_retype(&w->b, x, type_of(w->m->cx, x->type->dtype, x->type->rank, dim), "the axis of the collective");
}

static Value *first_axes_swapped(Vmap *w, Value *x) {
    int64_t perm[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) perm[i] = i < 2 ? 1 - i : i;
    return ir_transpose(&w->b, x, perm);
}

/* [lanes, ...] by where each lane gets its own from; zeros where that is nowhere. */
static Value *permuted(Vmap *w, Value *x, Value *from) {
    Builder *b = &w->b;
    Compiler *cx = w->m->cx;
    const Dim *dim[] = { w->lanes, dim_int(cx, 1) };
    from = ir_retype(b, from, type_of(cx, DT_i32, 1, dim), "the lanes of ppermute");
    Value *idx = ir_reshape(b, from, type_of(cx, DT_i32, 2, dim));
    Value *y = ir_gather(b, x, idx, 0, 1, &(int64_t){ 0 }, GATHER_CLIP);
    Value *comes = ir_ge(b, from, ir_fill_int(b, from->type, 0));
    return ir_select(b, mask_like(w, comes, y->type), y, ir_fill(b, y->type, 0));
}

/* What must be the same in all lanes. */
static Value *one_for_all(Vmap *w, const Inst *in, const Value *old) {
    if (!has_lanes(w, old)) return lanes_value(w, old);
    diag(w->m->cx, in->origin ? in->origin->span : (Span){ 0 },
         "who sends to whom in ppermute differs from lane to lane of vmap");
    return ir_index0(&w->b, lanes_value(w, old), ir_i64(&w->b, 0));
}

void vmap_collective(Vmap *w, const Inst *in) {
    Builder *b = &w->b;
    const Value *arg = in->nargs ? in->args[0] : NULL;
    Value *x = arg ? lanes_value(w, arg) : NULL, *y = NULL;
    bool each = arg && has_lanes(w, arg);
    switch (in->op) {
    case OP_axis_index: y = ir_iota(b, type_with_lead(w->m->cx, in->results[0]->type, w->lanes), 0); break;
    case OP_psum: y = each ? reduced(w, OP_reduce_sum, x) : times_lanes(w, x); break;
    case OP_pmax: y = each ? reduced(w, OP_reduce_max, x) : x; break;
    case OP_pmin: y = each ? reduced(w, OP_reduce_min, x) : x; break;
    case OP_all_gather: y = ir_retype(b, with_lanes(w, arg), in->results[0]->type, "the axis of all_gather"); break;
    case OP_psum_scatter:
        y = each ? reduced(w, OP_reduce_sum, with_own_axis(w, x, 1)) : times_lanes(w, with_own_axis(w, x, 0));
        break;
    case OP_all_to_all:
        x = with_own_axis(w, with_lanes(w, arg), 1);
        y = ir_retype(b, first_axes_swapped(w, x), type_with_lead(w->m->cx, in->results[0]->type, w->lanes),
                      "the axis of all_to_all");
        break;
    default: y = permuted(w, with_lanes(w, arg), one_for_all(w, in, in->args[1])); break;
    }
    w->value.at[in->results[0]->id] = y;
}
