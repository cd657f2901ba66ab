/* components: what is computed for all pairs, component by component.
**
** d = p[None, :, :] - p[:, None, :] has an axis of three coordinates at its end, which is too short for vectors, and neither a
** sum over it nor one that keeps it shares a loop with what has no such axis: distances, weights.  So where an array that is made
** of smaller ones by broadcasting is reduced, an axis of up to MOST components is written out: the sum over it is a sum of
** arrays without it, and a reduction that keeps it is one reduction for each component. */
#include "optimize/optimize.h"

enum { MOST = 4 };

typedef struct {
    const Func *func; /* the old one that `uses` belongs to */
    int *uses;
    const Block *block; /* in hand: what is known is known there */
    Map known;          /* by old value, axis and index: what a component has become */
    Map pieces;         /* the same by new value, of arrays in memory */
    Map made;           /* by old value: whether it is made of smaller ones.  1: no, 2: yes */
} Components;

static int uses_of(Walk *w, const Value *v) {
    Components *c = w->context;
    if (c->func != v->block->func) {
        c->func = v->block->func;
        c->uses = use_counts(w->b.arena, c->func);
        c->known = map_new(w->b.arena);
        c->pieces = map_new(w->b.arena);
        c->made = map_new(w->b.arena);
    }
    return c->uses[v->id];
}

/* Is there a clock reading, or a wait, between the two?  What is computed before it stays there. */
static bool crosses_barrier(const Inst *from, const Inst *to) {
    for (const Inst *in = from; in && in != to; in = in->next) {
        if (in->op == OP_time || in->op == OP_barrier) return true;
    }
    return false;
}

static bool made_of_smaller(Walk *w, const Value *v, const Inst *reader);

/* Of an instruction that is computed for each component. */
static bool can_split(Walk *w, const Inst *in, const Inst *reader) {
    if (in->nresults != 1 || in->nregions || inst_effect(in) != EFFECT_NONE) return false;
    if (op_class(in->op) == CLASS_ELEMENTWISE) {
        if (plan_cost(in) >= 0.25 && uses_of(w, in->results[0]) != 1) return false; /* not computed twice */
        for (int i = 0; i < in->nargs; i++) {
            if (in->args[i]->type->rank != in->results[0]->type->rank) return false;
            if (!made_of_smaller(w, in->args[i], reader)) return false;
        }
        return true;
    }
    double number;
    if (in->op == OP_transpose) return made_of_smaller(w, in->args[0], reader);
    return in->op == OP_broadcast || in->op == OP_iota || value_is_splat(in->results[0], &number);
}

static bool made_of_smaller(Walk *w, const Value *v, const Inst *reader) {
    Components *c = w->context;
    if (!v->def || (v->block != reader->block && op_class(v->def->op) == CLASS_ELEMENTWISE)) return false;
    uses_of(w, v); /* the maps are of this function */
    intptr_t known = (intptr_t)map_get(&c->made, v);
    if (!known) {
        known = 1 + can_split(w, v->def, reader);
        map_set(&c->made, v, (void *)known);
    }
    return known == 2;
}

static const Type *without(Compiler *cx, const Type *t, int axis) {
    const Dim *dim[MAX_RANK];
    for (int i = 0, n = 0; i < t->rank; i++) {
        if (i != axis) dim[n++] = t->dim[i];
    }
    return type_of(cx, t->dtype, t->rank - 1, dim);
}

/* x[..., k, ...], of a new value.  Neighbours in it are to be neighbours in memory: it is read for every pair. */
static Value *piece(Walk *w, Value *x, int axis, int64_t k) {
    Components *c = w->context;
    Builder *b = &w->b;
    int64_t key[] = { x->id, axis, k, (intptr_t)c->block };
    Value *known = map_get_bytes(&c->pieces, key, sizeof key);
    if (known) return known;
    const Dim *start[MAX_RANK], *limit[MAX_RANK];
    int64_t stride[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) {
        start[i] = dim_int(b->cx, i == axis ? k : 0);
        limit[i] = i == axis ? dim_int(b->cx, k + 1) : x->type->dim[i];
        stride[i] = 1;
    }
    Value *y = ir_reshape(b, ir_slice(b, x, start, limit, stride), without(b->cx, x->type, axis));
    if (axis == x->type->rank - 1 && y->type->rank) y = ir_optimization_barrier(b, y);
    map_set_bytes(&c->pieces, key, sizeof key, y);
    return y;
}

static Value *component(Walk *w, const Value *v, int axis, int64_t k, const Inst *reader);

static Value *component_of_broadcast(Walk *w, const Inst *in, int axis, int64_t k) {
    Builder *b = &w->b;
    Value *x = walk_value(w, in->args[0]);
    int64_t map[MAX_RANK];
    int n = 0, at = -1;
    for (int i = 0; i < x->type->rank; i++) {
        int64_t to = in->attrs->map.at[i];
        if (to == axis)
            at = i;
        else
            map[n++] = to - (to > axis);
    }
    if (at >= 0) x = piece(w, x, at, dim_is(x->type->dim[at], 1) ? 0 : k);
    return ir_broadcast(b, x, without(b->cx, in->results[0]->type, axis), map);
}

static Value *component_of_transpose(Walk *w, const Inst *in, int axis, int64_t k, const Inst *reader) {
    int64_t perm[MAX_RANK], from = in->attrs->perm.at[axis];
    int n = 0;
    for (int i = 0; i < in->results[0]->type->rank; i++) {
        int64_t p = in->attrs->perm.at[i];
        if (i != axis) perm[n++] = p - (p > from);
    }
    return ir_transpose(&w->b, component(w, in->args[0], (int)from, k, reader), perm);
}

static Value *component_of_inst(Walk *w, const Inst *in, int axis, int64_t k, const Inst *reader) {
    Builder *b = &w->b;
    if (op_class(in->op) == CLASS_ELEMENTWISE) {
        Value *x[4];
        for (int i = 0; i < in->nargs; i++) x[i] = component(w, in->args[i], axis, k, reader);
        return emit(b, in->op, x, in->nargs, in->attrs);
    }
    if (in->op == OP_broadcast) return component_of_broadcast(w, in, axis, k);
    if (in->op == OP_transpose) return component_of_transpose(w, in, axis, k, reader);
    return piece(w, walk_value(w, in->results[0]), axis, k);
}

/* v[..., k, ...] of an old value, without computing the rest of it. */
static Value *component(Walk *w, const Value *v, int axis, int64_t k, const Inst *reader) {
    Components *c = w->context;
    if (!made_of_smaller(w, v, reader)) return piece(w, walk_value(w, v), axis, k);
    int64_t key[] = { v->id, axis, k, (intptr_t)c->block };
    Value *known = map_get_bytes(&c->known, key, sizeof key);
    if (known) return known;
    Value *y = component_of_inst(w, v->def, axis, k, reader);
    map_set_bytes(&c->known, key, sizeof key, y);
    return y;
}

static Op joins(Op reduction) {
    switch ((int)reduction) {
    case OP_reduce_sum: return OP_add;
    case OP_reduce_prod: return OP_mul;
    case OP_reduce_max: return OP_max;
    case OP_reduce_min: return OP_min;
    case OP_reduce_and: return OP_and;
    case OP_reduce_or: return OP_or;
    default: return OP_xor;
    }
}

static bool listed(Ints list, int64_t x) {
    for (int i = 0; i < list.n; i++) {
        if (list.at[i] == x) return true;
    }
    return false;
}

/* The axis whose components are written out: a reduced one, or the last of those that are kept; -1 if there is none. */
static int short_axis(const Inst *in) {
    const Type *t = in->args[0]->type;
    int best = -1;
    int64_t n;
    for (int i = 0; i < t->rank; i++) {
        if (!dim_is_int(t->dim[i], &n) || n < 2 || n > MOST) continue;
        if (listed(in->attrs->axes, i)) return i;
        best = i;
    }
    return best;
}

static bool split_reduction(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    if (op_class(in->op) != CLASS_REDUCE || in->op == OP_argmax || in->op == OP_argmin) return false;
    const Value *x = in->args[0];
    int axis = short_axis(in), naxes = 0;
    if (axis < 0 || x->type->rank < 2 || !made_of_smaller(w, x, in) || crosses_barrier(x->def, in)) return false;
    int64_t n = 0, axes[MAX_RANK];
    dim_is_int(x->type->dim[axis], &n);
    for (int i = 0; i < in->attrs->axes.n; i++) {
        int64_t a = in->attrs->axes.at[i];
        if (a != axis) axes[naxes++] = a - (a > axis);
    }
    Value *part[MOST], *y;
    ((Components *)w->context)->block = in->block;
    for (int k = 0; k < n; k++) part[k] = component(w, x, axis, k, in);
    if (listed(in->attrs->axes, axis)) {
        y = part[0];
        for (int k = 1; k < n; k++) y = ir_binary(b, joins(in->op), y, part[k]);
        if (naxes) y = ir_reduce(b, in->op, y, naxes, axes);
    } else {
        int at = axis;
        for (int i = 0; i < in->attrs->axes.n; i++) at -= in->attrs->axes.at[i] < axis;
        const Type *t = in->results[0]->type;
        const Dim *dim[MAX_RANK];
        for (int i = 0; i < t->rank; i++) dim[i] = i == at ? dim_int(b->cx, 1) : t->dim[i];
        const Type *one = type_of(b->cx, t->dtype, t->rank, dim);
        for (int k = 0; k < n; k++) part[k] = ir_reshape(b, ir_reduce(b, in->op, part[k], naxes, axes), one);
        y = ir_concatenate(b, part, (int)n, at);
    }
    w->map.at[in->results[0]->id] = y;
    return true;
}

/* The dot of two short vectors for every pair. */
static bool split_dot(Walk *w, const Inst *in) {
    if (in->op != OP_dot || in->attrs->lhs_axes.n != 1) return false;
    const Value *x = in->args[0], *y = in->args[1];
    int last = (int)in->attrs->batch; /* the only axis that is no batch axis */
    int64_t n;
    if (x->type->rank != last + 1 || y->type->rank != last + 1 || !last) return false;
    if (!dim_is_int(x->type->dim[last], &n) || n < 2 || n > MOST || x->type->dtype != y->type->dtype) return false;
    if (!made_of_smaller(w, x, in) || !made_of_smaller(w, y, in)) return false;
    if (crosses_barrier(x->def, in) || crosses_barrier(y->def, in)) return false;
    Value *sum = NULL;
    ((Components *)w->context)->block = in->block;
    for (int k = 0; k < n; k++) {
        Value *term = ir_mul(&w->b, component(w, x, last, k, in), component(w, y, last, k, in));
        sum = sum ? ir_add(&w->b, sum, term) : term;
    }
    w->map.at[in->results[0]->id] = sum;
    return true;
}

static void components_inst(Walk *w, const Inst *in) {
    if (!split_reduction(w, in) && !split_dot(w, in)) walk_copy(w, in);
}

Module *pass_components(const Module *m) { return walk_module(m, components_inst, &(Components){ 0 }); }
