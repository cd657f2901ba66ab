/* budget: how many carries the reverse sweep of a loop may store.
**
** The options say it for the whole program, as a number or as memory; a loop whose body is a checkpointed function asks
** for it itself.  A loop that does not turn more often than it may store keeps all that it needs (keep.c). */
#include "transform/split.h"

/* With 64 states a loop of 2000 rounds is run twice more, one of 800000 rounds four times more. */
enum { STATES_OF_CHECKPOINT = 64 };

static bool has_remat(const Block *b) {
    for (const Inst *in = b->first; in; in = in->next)
        if (in->op == OP_call && in->attrs->remat) return true;
    return false;
}

static const Dim *bytes_of(Compiler *cx, Value *const *v, int n) {
    const Dim *sum = dim_int(cx, 0);
    for (int i = 0; i < n; i++) {
        const Dim *bytes = dim_int(cx, dtype_bytes(v[i]->type->dtype));
        sum = dim_add(cx, sum, dim_mul(cx, bytes, type_elements(cx, v[i]->type)));
    }
    return sum;
}

/* A number, or one of the sizes that the function is given: not one that is found on the way, which may differ between
** lanes, and then says nothing of the size of an array. */
static bool is_given_early(Cut *c, const Dim *trip) {
    Compiler *cx = c->m->cx;
    DimMap sizes = { 0 };
    const Func *f = c->b.func;
    for (int i = 0; i < f->sizes.n; i++) dim_map_add(cx, &sizes, f->sizes.at[i], dim_int(cx, 1));
    return dim_is_int(dim_subst(cx, trip, &sizes), NULL);
}

const Dim *states_of_loop(Cut *c, const Inst *in, Value *const *carries, int ncarries) {
    Compiler *cx = c->m->cx;
    const Dim *states = in->attrs->states, *one = dim_int(cx, 1);
    int64_t most, rounds;
    if (ncarries == 0) return NULL;
    if (!states && cx->options.tape_states) states = dim_int(cx, cx->options.tape_states);
    if (!states && cx->options.tape_mb) {
        const Dim *budget = dim_int(cx, (int64_t)cx->options.tape_mb << 20);
        states = dim_max(cx, one, dim_floordiv(cx, budget, dim_max(cx, one, bytes_of(cx, carries, ncarries))));
        if (in->op == OP_for && is_given_early(c, in->attrs->trip)) states = dim_min(cx, states, in->attrs->trip);
    }
    if (!states && has_remat(in->regions[in->nregions - 1])) states = dim_int(cx, STATES_OF_CHECKPOINT);
    if (!states || dim_is(states, 0)) return NULL;
    bool all = in->op == OP_for && dim_is_int(states, &most) && dim_is_int(in->attrs->trip, &rounds) && rounds <= most;
    return all ? NULL : states;
}
