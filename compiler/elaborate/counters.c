/* counters: the counters of run-time loops, which stand in size expressions while their body is elaborated but are no
** sizes; and sizes that are bound to what is known at run time only. */
#include "elaborate/counters.h"

bool dim_is_local(Elab *e, const Dim *d) {
    for (LoopIndex *x = e->indices; x; x = x->outer)
        if (dim_mentions(d, x->var)) return true;
    return false;
}

/* In a loop whose count is known, what a shape depends on must be known too: the loop is unrolled instead. */
static bool made_in_loop(Elab *e, const Value *v, bool tested) {
    for (Attempt *a = e->attempt; a; a = a->outer)
        if ((a->counted || (tested && a->tested)) && v->block->func == a->func && v->id >= a->first_value) return true;
    return false;
}

bool may_be_unrolled(Elab *e, const Value *v) { return made_in_loop(e, v, true); }

const Dim *bind_size(Elab *e, Value *v, const char *name, Span span) {
    Data d;
    if (!value_is_constant(v, &d) && made_in_loop(e, v, false)) {
        fail(e, span, "a size depends on what the loop computes, so the loop must be unrolled");
        return NULL;
    }
    return ir_bind_size(e->b, v, name);
}

static const Dim *at_value(Elab *e, const Dim *d, const SizeVar *v, const Dim *value) {
    DimMap map = { 0 };
    dim_map_add(e->cx, &map, v, value);
    return dim_subst(e->cx, d, &map);
}

/* The least or the largest value that d can have, for all values of one counter; NULL where that is not found. */
static const Dim *extreme(Elab *e, const Dim *d, const LoopIndex *x, bool most) {
    if (!dim_mentions(d, x->var)) return d;
    if (!x->count) return NULL;
    Compiler *cx = e->cx;
    const Dim *zero = dim_int(cx, 0), *at[3];
    for (int i = 0; i < 3; i++) at[i] = at_value(e, d, x->var, dim_int(cx, i));
    const Dim *slope = dim_sub(cx, at[1], at[0]);
    if (dim_sub(cx, at[2], at[1]) != slope || dim_add(cx, at[0], dim_mul(cx, slope, dim_var(cx, x->var))) != d)
        return NULL;
    bool rises = dim_at_least(cx, slope, zero), falls = !rises && dim_at_least(cx, zero, slope);
    if (!rises && !falls) return NULL;
    return rises == most ? at_value(e, d, x->var, dim_sub(cx, x->count, dim_int(cx, 1))) : at[0];
}

static const Dim *bound(Elab *e, const Dim *d, bool most) {
    for (LoopIndex *x = e->indices; x && d; x = x->outer) d = extreme(e, d, x, most);
    return d;
}

bool local_at_least(Elab *e, const Dim *a, const Dim *b) {
    const Dim *least = bound(e, dim_sub(e->cx, a, b), false);
    return least && dim_at_least(e->cx, least, dim_int(e->cx, 0));
}

bool local_at_least_before_last(Elab *e, const Dim *a, const Dim *b) {
    for (LoopIndex *x = e->indices; x; x = x->outer) {
        if (!x->count || !x->can_shorten || !dim_mentions(dim_sub(e->cx, a, b), x->var)) continue;
        const Dim *count = x->count;
        x->count = dim_sub(e->cx, count, dim_int(e->cx, 1));
        x->shorter = local_at_least(e, a, b);
        x->count = count;
        if (x->shorter) return true;
    }
    return false;
}

/* Some size variable is at least as large: then the value fits an i64, as that variable does. */
static bool below_a_size(Elab *e, const Dim *d) {
    for (int i = 0; i < d->nterms; i++)
        for (int k = 0; k < d->terms[i].natoms; k++) {
            const Atom *a = d->terms[i].atoms[k];
            const Dim *inside = a->kind == ATOM_VAR ? dim_var(e->cx, a->var) : a->a;
            if (dim_at_least(e->cx, inside, d)) return true;
        }
    return false;
}

bool local_fits(Elab *e, const Dim *d) {
    const Dim *low = bound(e, d, false), *high = bound(e, d, true);
    if (!low || !high || !dim_at_least(e->cx, low, dim_int(e->cx, -1))) return false;
    return dim_is_int(high, NULL) || below_a_size(e, high);
}
