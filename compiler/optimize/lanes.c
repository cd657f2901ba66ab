/* lanes: what lanes do that are not on a side, or have left a loop.
**
** As vmap leaves it, they do what a lane does that is there: `of_present`.  Where every lane is by itself (lanewise.c) it
** does not matter what they compute, and nothing has to be fetched for them; a short side is then computed by all lanes
** and chosen from.  Elsewhere lanes could meet (a sum over them, in which zero times infinity would count), or run for
** ever: there the first lane that is present is looked for. */
#include "optimize/optimize.h"

static const double short_side = 2; /* rough nanoseconds an element */

static Value *first_present(Builder *b, Value *mask) {
    const Dim *n = type_elements(b->cx, mask->type);
    Value *here = ir_convert(b, ir_reshape(b, mask, type_of(b->cx, DT_bool, 1, &n)), DT_i32);
    return ir_arg(b, OP_argmax, here, 0, DT_i64);
}

/* x[mask], and where it does not hold x at the first place where it does. */
static Value *expanded(Builder *b, Value *x, Value *mask) {
    const Dim *dim[MAX_RANK + 1] = { type_elements(b->cx, mask->type) };
    int n = mask->type->rank, rest = x->type->rank - n;
    int64_t map[MAX_RANK], axes[MAX_RANK];
    for (int i = 0; i < rest; i++) {
        dim[1 + i] = x->type->dim[n + i];
        map[i] = n + i;
    }
    for (int i = 0; i < n; i++) axes[i] = i;
    if (dim_is(dim[0], 0)) return x; /* no lanes */
    Value *flat = ir_reshape(b, x, type_of(b->cx, x->type->dtype, 1 + rest, dim));
    Value *other = ir_broadcast(b, ir_index0(b, flat, first_present(b, mask)), x->type, map);
    Value *here = ir_broadcast(b, mask, type_with_dtype(b->cx, x->type, DT_bool), axes);
    return ir_select(b, here, x, other);
}

static double cost_of(const Block *side) {
    double cost = 0;
    for (const Inst *in = side->first; in; in = in->next) cost += in->nregions ? 1000 : plan_cost(in);
    return cost;
}

/* All lanes compute it. */
static void take_side(Walk *w, const Inst *in, const Block *side) {
    for (int i = 0; i < side->nparams; i++) w->map.at[side->params[i]->id] = walk_value(w, in->args[1 + i]);
    walk_block(w, side);
    for (int i = 0; i < in->nresults; i++) w->map.at[in->results[i]->id] = walk_value(w, side->results[i]);
}

static void inst(Walk *w, const Inst *in) {
    bool *alone = w->context, before = *alone; /* in a block where every lane is by itself */
    if (in->op == OP_of_present) {
        Value *x = walk_value(w, in->args[0]), *mask = walk_value(w, in->args[1]);
        w->map.at[in->results[0]->id] = *alone ? x : expanded(&w->b, x, mask);
        return;
    }
    const Block *side = in->op == OP_cond && in->attrs->lanes ? in->regions[1] : NULL;
    if (side && plan_lanewise_side(side)) {
        *alone = true;
        if (cost_of(side) < short_side)
            take_side(w, in, side);
        else
            walk_copy(w, in);
    } else {
        if (plan_lanewise(in)) *alone = true;
        walk_copy(w, in);
    }
    *alone = before;
}

Module *pass_lanes(const Module *m) { return walk_module(m, inst, &(bool){ false }); }
