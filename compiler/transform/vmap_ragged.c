/* vmap_ragged: arrays whose length differs between lanes.
**
** A size is one number for all lanes: the largest of theirs.  What stands behind the end of a lane's own part is not looked
** at: loops over it turn as often as the lane says, sums leave it out, and what could not (a sort, an index that counts
** from the end) is refused. */
#include "transform/lanes.h"

static bool is_ragged(const Marks *m, const Type *t) {
    for (int i = 0; i < t->rank; i++)
        if (dim_is_marked(m, t->dim[i])) return true;
    return false;
}

static bool any_ragged(const Marks *m, Value *const *v, int n) {
    for (int i = 0; i < n; i++)
        if (is_ragged(m, v[i]->type)) return true;
    return false;
}

bool ragged_spreads(const Marks *m, const Inst *in) {
    OpClass c = op_class(in->op);
    bool mixes = c == CLASS_REDUCE || c == CLASS_SCAN || c == CLASS_CONTRACT || in->op == OP_dynamic_update_slice;
    return m->sizes.n && mixes && any_ragged(m, in->args, in->nargs);
}

/* Where the array, which has lanes, is the lane's own along an axis of the old one. */
static Value *inside(Vmap *w, Value *x, const Value *old, int axis) {
    Builder *b = &w->b;
    const Type *numbers = type_with_dtype(w->m->cx, x->type, DT_i64);
    Value *own = ir_broadcast(b, own_size(w, old->type->dim[axis]), numbers, &(int64_t){ 0 });
    return ir_lt(b, ir_iota(b, numbers, axis + 1), own);
}

/* The argument with nothing behind its own end along those axes. */
static Value *cut(Vmap *w, const Value *old, const Ints *axes, Op op) {
    Value *x = with_lanes(w, old);
    for (int i = 0; i < axes->n; i++) {
        int axis = (int)axes->at[i];
        if (dim_is_marked(&w->batched, old->type->dim[axis]))
            x = ir_select(&w->b, inside(w, x, old, axis), x, ops_neutral(&w->b, op, x->type));
    }
    return x;
}

static void reduce(Vmap *w, const Inst *in) {
    int64_t at[MAX_RANK];
    bool arg = in->op == OP_argmax || in->op == OP_argmin;
    Ints axes = arg ? (Ints){ 1, &in->attrs->axis } : in->attrs->axes;
    Value *x = cut(w, in->args[0], &axes, in->op), **y = &w->value.at[in->results[0]->id];
    for (int i = 0; i < axes.n; i++) at[i] = axes.at[i] + 1;
    *y = arg ? ir_arg(&w->b, in->op, x, (int)at[0], in->attrs->dtype) : ir_reduce(&w->b, in->op, x, axes.n, at);
}

static void scan(Vmap *w, const Inst *in) {
    const Attrs *a = in->attrs;
    Value *x = cut(w, in->args[0], &(Ints){ 1, &a->axis }, in->op);
    w->value.at[in->results[0]->id] = ir_scan(&w->b, in->op, x, (int)a->axis + 1, a->reversed);
}

static void contract(Vmap *w, const Inst *in) {
    const Attrs *a = in->attrs;
    int64_t lhs[MAX_RANK], rhs[MAX_RANK];
    for (int i = 0; i < a->lhs_axes.n; i++) lhs[i] = a->lhs_axes.at[i] + 1;
    for (int i = 0; i < a->rhs_axes.n; i++) rhs[i] = a->rhs_axes.at[i] + 1;
    Value *x = cut(w, in->args[0], &a->lhs_axes, OP_reduce_sum), *y = cut(w, in->args[1], &a->rhs_axes, OP_reduce_sum);
    w->value.at[in->results[0]->id] = ir_dot(&w->b, x, y, (int)a->batch + 1, a->lhs_axes.n, lhs, rhs);
}

/* Of what is written to the beginning, only the lane's own. */
static bool update(Vmap *w, const Inst *in) {
    Builder *b = &w->b;
    const Value *old = in->args[1];
    if (in->op != OP_dynamic_update_slice || is_ragged(&w->batched, in->args[0]->type)) return false;
    for (int i = 2; i < in->nargs; i++)
        if (!value_is_zero(in->args[i])) return false;
    Value *x = with_lanes(w, in->args[0]), *u = with_lanes(w, old), *starts[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) starts[i] = ir_i64(b, 0);
    Value *before = ir_dynamic_slice(b, x, starts, u->type);
    for (int i = 0; i < old->type->rank; i++)
        if (dim_is_marked(&w->batched, old->type->dim[i])) u = ir_select(b, inside(w, u, old, i), u, before);
    w->value.at[in->results[0]->id] = ir_dynamic_update_slice(b, x, u, starts);
    return true;
}

/* Only axes of size 1 come or go. */
static bool keeps_axes(const Type *x, const Type *y) {
    int i = 0, j = 0;
    while (i < x->rank || j < y->rank) {
        if (i < x->rank && dim_is(x->dim[i], 1))
            i++;
        else if (j < y->rank && dim_is(y->dim[j], 1))
            j++;
        else if (i == x->rank || j == y->rank || x->dim[i++] != y->dim[j++])
            return false;
    }
    return true;
}

/* A slice of an axis that is ragged, or becomes so, begins where that begins. */
static bool slices_from_zero(const Marks *m, const Inst *in) {
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    for (int i = 0; i < x->rank; i++) {
        if (!dim_is_marked(m, x->dim[i]) && !dim_is_marked(m, y->dim[i])) continue;
        if (!value_is_zero(in->args[1 + i])) return false;
    }
    return true;
}

static bool indexes_ragged(const Marks *m, const Inst *in) {
    if (in->attrs->mode == GATHER_INSIDE) return false;
    for (int i = 0; i < in->attrs->axes.n; i++)
        if (dim_is_marked(m, in->args[0]->type->dim[in->attrs->axes.at[i]])) return true;
    return false;
}

/* An element at a place depends on those at such places alone, or on those before it. */
static bool keeps_places(const Marks *m, const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_CREATE:
    case CLASS_ELEMENTWISE:
    case CLASS_CONTROL: return true;
    case CLASS_LAYOUT:
        if (in->op == OP_reshape) return keeps_axes(in->args[0]->type, in->results[0]->type);
        return in->op == OP_broadcast || in->op == OP_transpose || in->op == OP_retype ||
               in->op == OP_optimization_barrier || in->op == OP_checkpoint_name;
    case CLASS_INDEX:
        if (in->op == OP_dynamic_slice) return slices_from_zero(m, in);
        return in->op == OP_of_present || (in->op == OP_gather && !indexes_ragged(m, in));
    default: return false;
    }
}

void refuse_ragged(Compiler *cx, const Inst *in) {
    diag(cx, in && in->origin ? in->origin->span : (Span){ 0 },
         "the length of this array differs between the lanes of vmap");
    note(cx, "sums, maxima and the like over it, and loops, leave out what a lane does not have; other things cannot");
}

bool vmap_ragged(Vmap *w, const Inst *in) {
    const Marks *m = &w->batched;
    if (!m->sizes.n || !(any_ragged(m, in->args, in->nargs) || any_ragged(m, in->results, in->nresults))) return false;
    if (op_class(in->op) == CLASS_REDUCE) {
        reduce(w, in);
    } else if (op_class(in->op) == CLASS_SCAN) {
        scan(w, in);
    } else if (op_class(in->op) == CLASS_CONTRACT) {
        contract(w, in);
    } else if (!update(w, in)) {
        if (!keeps_places(m, in)) refuse_ragged(w->m->cx, in);
        return false;
    }
    return true;
}

bool ragged_result(const Vmap *w, const Value *old) { return w->batched.sizes.n && is_ragged(&w->batched, old->type); }

/* Each lane's own number; the size is the largest. */
void vmap_bind_size(Vmap *w, const Inst *in) {
    Builder *b = &w->b;
    Value *own = lanes_value(w, in->args[0]);
    Value *largest = ir_reduce(b, OP_reduce_max, own, 1, &(int64_t){ 0 });
    emit_inst(b, OP_bind_size, (Value *[]){ ir_max(b, largest, ir_i64(b, 0)) }, 1, in->attrs);
    PUSH(w->arena, &w->own, ((OwnSize){ in->attrs->binds.at[0], own }));
}
