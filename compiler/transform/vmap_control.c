/* vmap_control: conds, loops and written text, where lanes may go different ways.
**
** Where all lanes take the same side, or turn the same number of times, a cond or loop stays what it is over values with
** lanes.  Where they differ, a side is run for all lanes at once if any lane takes it, and the others' results are not
** chosen; a loop goes on while any lane does, and those that have ended keep what they carry.  A lane that is not there is
** given the values of one that is (`of_present`).  Such conds and whiles say how many axes of `lanes` they have: a further
** vmap adds one to them, and the pass `lanes` may run them some lanes at a time. */
#include "transform/lanes.h"

static Value *any_of(Vmap *w, Value *mask) { return ir_reduce(&w->b, OP_reduce_or, mask, 1, &(int64_t){ 0 }); }

static Value *mask_and(Vmap *w, Value *x, Value *y) { return !x ? y : !y ? x : ir_and(&w->b, x, y); }

/* x where the lane is here, elsewhere the value of one that is. */
static Value *of_present(Vmap *w, Value *x, Value *mask) {
    return emit(&w->b, OP_of_present, (Value *[]){ x, mask }, 2, &no_attrs);
}

static Value *chosen(Vmap *w, Value *mask, Value *x, Value *y) {
    return ir_select(&w->b, mask_like(w, mask, x->type), x, y);
}

static const Attrs *attrs_lanes(Vmap *w, const Inst *in, int64_t lanes) {
    Attrs *a = arena_copy(w->arena, in->attrs, sizeof *in->attrs);
    a->lanes = lanes;
    return a;
}

/* The values from outside that have lanes, replaced while a region is walked in which not all lanes are. */
typedef struct {
    Values free;
    Value **before;
} Outside;
static Outside replace_outside(Vmap *w, const Values *free, Value *mask) {
    Outside o = { .free = *free, .before = values_new(w->arena, free->n) };
    for (int i = 0; i < free->n; i++) {
        Value **v = &w->value.at[free->at[i]->id];
        o.before[i] = *v;
        if (has_lanes(w, free->at[i])) *v = of_present(w, *v, mask);
    }
    return o;
}
static void put_back(Vmap *w, const Outside *o) {
    for (int i = 0; i < o->free.n; i++) w->value.at[o->free.at[i]->id] = o->before[i];
}

static void take(Vmap *w, const Inst *in, Value *const *from) {
    for (int i = 0; i < in->nresults; i++) w->value.at[in->results[i]->id] = from[i];
}

/* All lanes take the same side; or which results they take is decided behind it. */
static void cond_together(Vmap *w, const Inst *in, Value *predicate, int64_t lanes) {
    Block **sides = NEW_ARRAY(w->arena, Block *, in->nregions);
    Values args = { 0 };
    PUSH(w->arena, &args, predicate);
    for (int i = 1; i < in->nargs; i++) PUSH(w->arena, &args, lanes_value(w, in->args[i]));
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        sides[r] = block_new(w->b.func, NULL);
        for (int i = 0; i < old->nparams; i++)
            w->value.at[old->params[i]->id] = block_param(sides[r], args.at[i + 1]->type);
        builder_enter(&w->b, sides[r]);
        vmap_block(w, old);
        Values results = { 0 };
        for (int i = 0; i < old->nresults; i++)
            PUSH(w->arena, &results,
                 has_lanes(w, in->results[i]) ? with_lanes(w, old->results[i]) : lanes_value(w, old->results[i]));
        block_return(&w->b, results.at, results.n);
        builder_leave(&w->b);
    }
    const Attrs *attrs = attrs_lanes(w, in, lanes);
    take(w, in, emit_region(&w->b, OP_cond, args.at, args.n, attrs, sides, in->nregions)->results);
}

/* One side, for the lanes that are here and in the mask; zeros where there is none. */
static Value *const *side_for(Vmap *w, const Inst *in, int r, Value *mask) {
    const Block *old = in->regions[r];
    Block *sides[2] = { block_new(w->b.func, NULL), block_new(w->b.func, NULL) };
    Values results = { 0 }, none = { 0 };
    Value *active = w->active, *here = mask_and(w, active, mask);
    builder_enter(&w->b, sides[1]);
    Values free = free_values_of_block(w->arena, old);
    Outside outside = replace_outside(w, &free, here);
    for (int i = 0; i < old->nparams; i++) {
        Value *x = lanes_value(w, in->args[i + 1]);
        w->value.at[old->params[i]->id] = has_lanes(w, in->args[i + 1]) ? of_present(w, x, here) : x;
    }
    w->active = here;
    vmap_block(w, old);
    for (int i = 0; i < old->nresults; i++) PUSH(w->arena, &results, with_lanes(w, old->results[i]));
    w->active = active;
    put_back(w, &outside);
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    builder_enter(&w->b, sides[0]);
    for (int i = 0; i < results.n; i++) PUSH(w->arena, &none, ir_fill(&w->b, results.at[i]->type, 0));
    block_return(&w->b, none.at, none.n);
    builder_leave(&w->b);
    return emit_region(&w->b, OP_cond, (Value *[]){ any_of(w, here) }, 1, attrs_lanes(w, in, 1), sides, 2)->results;
}

void vmap_cond(Vmap *w, const Inst *in) {
    Value *p = lanes_value(w, in->args[0]);
    if (!has_lanes(w, in->args[0]) || in->attrs->lanes) {
        bool apart = has_lanes(w, in->args[0]);
        cond_together(w, in, apart ? any_of(w, mask_and(w, w->active, p)) : p, apart ? in->attrs->lanes + 1 : 0);
        return;
    }
    Value **so_far = values_new(w->arena, in->nresults);
    for (int r = 0; r < in->nregions; r++) {
        Value *mask;
        if (p->type->dtype == DT_bool)
            mask = r ? p : ir_not(&w->b, p);
        else if (r == 0)
            mask = ir_le(&w->b, p, ir_fill_int(&w->b, p->type, 0)); /* the number is clamped */
        else if (r == in->nregions - 1)
            mask = ir_ge(&w->b, p, ir_fill_int(&w->b, p->type, r));
        else
            mask = ir_eq(&w->b, p, ir_fill_int(&w->b, p->type, r));
        if (in->nregions == 1) mask = ir_fill_int(&w->b, mask->type, 1);
        Value *const *side = side_for(w, in, r, mask);
        for (int i = 0; i < in->nresults; i++) so_far[i] = r ? chosen(w, mask, side[i], so_far[i]) : side[i];
    }
    take(w, in, so_far);
}

/* Lanes of what is sliced stand behind the axis it is sliced along. */
static Value *swap_axes(Vmap *w, Value *x) {
    int64_t perm[MAX_RANK];
    for (int i = 0; i < x->type->rank; i++) perm[i] = i;
    perm[0] = 1;
    perm[1] = 0;
    return ir_transpose(&w->b, x, perm);
}

/* The results of a loop body: carries that have lanes anywhere have them everywhere; absent lanes keep theirs. */
static void push_body_results(Vmap *w, Values *results, const Inst *in, Value *const *carried, Value *mask,
                              Value *const *old_carry) {
    const Block *old = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries;
    for (int i = 0; i < old->nresults; i++) {
        const Value *shape_of = i < carries ? carried[i] : in->results[i];
        Value *v = has_lanes(w, shape_of) ? with_lanes(w, old->results[i]) : lanes_value(w, old->results[i]);
        if (mask && i < carries) v = chosen(w, mask, v, old_carry[i]);
        PUSH(w->arena, results, v);
    }
}

static void take_loop(Vmap *w, const Inst *in, Value *const *from) {
    int carries = (int)in->attrs->carries;
    for (int i = 0; i < in->nresults; i++)
        w->value.at[in->results[i]->id] =
            i >= carries && has_lanes(w, in->results[i]) ? swap_axes(w, from[i]) : from[i];
}

/* A count that differs between lanes: all turn as often as the longest, and those that have ended keep what they carry. */
void vmap_for(Vmap *w, const Inst *in) {
    const Block *old = in->regions[0];
    int carries = (int)in->attrs->carries;
    Value *const *carried = old->params + 1;
    bool apart = decision_is_marked(&w->batched, in);
    Value *own = apart ? own_size(w, in->attrs->trip) : NULL;
    Values args = { 0 };
    for (int i = 0; i < carries; i++)
        PUSH(w->arena, &args, has_lanes(w, carried[i]) ? with_lanes(w, in->args[i]) : lanes_value(w, in->args[i]));
    for (int i = carries; i < in->nargs; i++) {
        Value *x = lanes_value(w, in->args[i]);
        PUSH(w->arena, &args, has_lanes(w, in->args[i]) ? swap_axes(w, x) : x);
    }
    Block *body = block_new(w->b.func, NULL);
    Value *index = w->value.at[old->params[0]->id] = block_param(body, old->params[0]->type);
    for (int i = 0; i < in->nargs; i++) w->value.at[carried[i]->id] = block_param(body, type_lanes(w, carried[i]));
    builder_enter(&w->b, body);
    Value *mask = NULL, *active = w->active, **old_carry = values_new(w->arena, carries);
    Outside outside = { 0 };
    if (apart) {
        mask = ir_lt(&w->b, ir_broadcast_scalar(&w->b, index, own->type), own);
        w->active = mask_and(w, active, mask);
        Values free = free_values(w->arena, in);
        outside = replace_outside(w, &free, w->active);
        for (int i = 0; i < in->nargs; i++) {
            Value **v = &w->value.at[carried[i]->id];
            if (i < carries) old_carry[i] = *v;
            if (has_lanes(w, carried[i])) *v = of_present(w, *v, w->active);
        }
    }
    vmap_block(w, old);
    Values results = { 0 };
    push_body_results(w, &results, in, carried, mask, old_carry);
    w->active = active;
    put_back(w, &outside);
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    take_loop(w, in, emit_region(&w->b, OP_for, args.at, args.n, in->attrs, &body, 1)->results);
}

/* All lanes turn as often; or those that have ended are kept as they are by the body itself. */
static void while_together(Vmap *w, const Inst *in, bool apart) {
    int carries = (int)in->attrs->carries;
    Block *blocks[2];
    Values args = { 0 };
    Value *const *carried = in->regions[1]->params;
    for (int i = 0; i < carries; i++)
        PUSH(w->arena, &args, has_lanes(w, carried[i]) ? with_lanes(w, in->args[i]) : lanes_value(w, in->args[i]));
    for (int r = 0; r < 2; r++) {
        const Block *old = in->regions[r];
        blocks[r] = block_new(w->b.func, NULL);
        for (int i = 0; i < carries; i++) w->value.at[old->params[i]->id] = block_param(blocks[r], args.at[i]->type);
        builder_enter(&w->b, blocks[r]);
        vmap_block(w, old);
        Values results = { 0 };
        if (r == 0 && apart)
            PUSH(w->arena, &results, any_of(w, mask_and(w, w->active, with_lanes(w, old->results[0]))));
        else if (r == 0)
            PUSH(w->arena, &results, lanes_value(w, old->results[0]));
        else
            push_body_results(w, &results, in, carried, NULL, NULL);
        block_return(&w->b, results.at, results.n);
        builder_leave(&w->b);
    }
    const Attrs *attrs = attrs_lanes(w, in, apart ? in->attrs->lanes + 1 : 0);
    take_loop(w, in, emit_region(&w->b, OP_while, args.at, args.n, attrs, blocks, 2)->results);
}

/* Which lanes go on, given what they carry. */
static Value *test_lanes(Vmap *w, const Inst *in, Value *const *carry) {
    const Block *test = in->regions[0];
    for (int i = 0; i < test->nparams; i++) w->value.at[test->params[i]->id] = carry[i];
    vmap_block(w, test);
    return with_lanes(w, test->results[0]);
}

/* Carries: which lanes go on; how often each has turned, if anything is stacked; and the old ones, all with lanes.  The
** test of a lane that has ended is computed again on what it ended with, and is false again. */
void vmap_while(Vmap *w, const Inst *in) {
    bool apart = decision_is_marked(&w->batched, in);
    if (!apart || in->attrs->lanes) {
        while_together(w, in, apart);
        return;
    }
    const Block *old = in->regions[1];
    int carries = (int)in->attrs->carries;
    bool counts = in->attrs->binds.n > 0;
    int first_carry = 1 + counts;
    Attrs attrs = *in->attrs;
    Values args = { 0 };
    PUSH(w->arena, &args, NULL);
    if (counts) {
        const Type *number = type_with_lead(w->m->cx, type_scalar(w->m->cx, DT_i64), w->lanes);
        PUSH(w->arena, &args, ir_fill_int(&w->b, number, 0));
    }
    for (int i = 0; i < carries; i++) PUSH(w->arena, &args, with_lanes(w, in->args[i]));
    args.at[0] = mask_and(w, w->active, test_lanes(w, in, args.at + first_carry));
    attrs.carries = args.n;
    attrs.lanes = 1;

    Block *blocks[2] = { block_new(w->b.func, NULL), block_new(w->b.func, NULL) };
    for (int r = 0; r < 2; r++)
        for (int i = 0; i < args.n; i++) block_param(blocks[r], args.at[i]->type);
    builder_enter(&w->b, blocks[0]);
    block_return(&w->b, (Value *[]){ any_of(w, blocks[0]->params[0]) }, 1);
    builder_leave(&w->b);

    Value *const *params = blocks[1]->params, *mask = params[0], *active = w->active;
    builder_enter(&w->b, blocks[1]);
    Values free = free_values(w->arena, in), results = { 0 }, inner = { 0 };
    Outside outside = replace_outside(w, &free, mask);
    for (int i = 0; i < carries; i++) w->value.at[old->params[i]->id] = of_present(w, params[first_carry + i], mask);
    w->active = mask;
    vmap_block(w, old);
    push_body_results(w, &inner, in, old->params, mask, params + first_carry);
    put_back(w, &outside);
    PUSH(w->arena, &results, ir_and(&w->b, mask, test_lanes(w, in, inner.at)));
    w->active = active;
    if (counts) PUSH(w->arena, &results, ir_add(&w->b, params[1], ir_convert(&w->b, mask, DT_i64)));
    for (int i = 0; i < inner.n; i++) PUSH(w->arena, &results, inner.at[i]);
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    const Inst *loop = emit_region(&w->b, OP_while, args.at, args.n, &attrs, blocks, 2);
    if (counts) PUSH(w->arena, &w->own, ((OwnSize){ in->attrs->binds.at[0], loop->results[1] }));
    take_loop(w, in, loop->results + first_carry);
}

/* The size polynomial over the lanes' own numbers. */
Value *own_size(Vmap *w, const Dim *d) {
    Builder *b = &w->b;
    const Type *type = type_with_lead(w->m->cx, type_scalar(w->m->cx, DT_i64), w->lanes);
    Value *sum = ir_fill_int(b, type, 0);
    for (int t = 0; t < d->nterms; t++) {
        Value *product = ir_fill_int(b, type, d->terms[t].coefficient);
        for (int k = 0; k < d->terms[t].natoms; k++) {
            const Atom *a = d->terms[t].atoms[k];
            Value *factor = NULL;
            switch (a->kind) {
            case ATOM_VAR:
                for (int i = 0; i < w->own.n; i++)
                    if (w->own.at[i].size == a->var) factor = w->own.at[i].own;
                if (!factor) factor = broadcast_lanes(w, ir_size(b, dim_var(w->m->cx, a->var)));
                break;
            case ATOM_FLOORDIV: factor = ir_int_floordiv(b, own_size(w, a->a), own_size(w, a->b)); break;
            case ATOM_MOD: factor = ir_int_mod(b, own_size(w, a->a), own_size(w, a->b)); break;
            case ATOM_MIN: factor = ir_min(b, own_size(w, a->a), own_size(w, a->b)); break;
            case ATOM_MAX: factor = ir_max(b, own_size(w, a->a), own_size(w, a->b)); break;
            }
            product = ir_mul(b, product, factor);
        }
        sum = ir_add(b, sum, product);
    }
    return sum;
}

/* Written for one lane after another, by those that are here. */
void vmap_print(Vmap *w, const Inst *in) {
    if (dim_is(w->lanes, 0)) return;
    Block *body = block_new(w->b.func, NULL), *sides[2] = { block_new(w->b.func, NULL), block_new(w->b.func, NULL) };
    Value *index = block_param(body, type_scalar(w->m->cx, DT_i64));
    Values args = { 0 };
    builder_enter(&w->b, body);
    builder_enter(&w->b, sides[0]);
    block_return(&w->b, NULL, 0);
    builder_leave(&w->b);
    builder_enter(&w->b, sides[1]);
    for (int i = 0; i < in->nargs; i++) {
        Value *x = lanes_value(w, in->args[i]);
        PUSH(w->arena, &args, has_lanes(w, in->args[i]) ? ir_index0(&w->b, x, index) : x);
    }
    emit_inst(&w->b, in->op, args.at, args.n, in->attrs);
    block_return(&w->b, NULL, 0);
    builder_leave(&w->b);
    emit_region(&w->b, OP_cond, (Value *[]){ ir_index0(&w->b, w->active, index) }, 1, &no_attrs, sides, 2);
    block_return(&w->b, NULL, 0);
    builder_leave(&w->b);
    emit_region(&w->b, OP_for, NULL, 0, attrs_loop(w->arena, w->lanes, 0, false), &body, 1);
}
