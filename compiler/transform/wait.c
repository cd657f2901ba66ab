/* wait: the linear part of a split, handed what it reads of the forward part. */
#include "transform/split.h"

Value *linear_of(Cut *c, const Value *old) {
    Value *v = is_unknown(c, old) ? c->waiting.at[old->id] : c->held.at[forward_of(c, old)->id];
    if (!v) bug(c->m->cx, "a value the linear part of @%s reads was not handed over", c->l.func->name);
    return v;
}

/* Its product is not to be found, later, to have been computed already. */
static void repeat_product(Cut *c, const Inst *in) {
    Value *args[2] = { ir_optimization_barrier(&c->l, c->held.at[in->args[0]->id]), c->held.at[in->args[1]->id] };
    c->held.at[in->results[0]->id] = emit(&c->l, in->op, args, 2, in->attrs);
}

void linear_scope(Cut *c, const Scope *s, Value *const *params) {
    for (int i = 0; i < s->handed.n; i++) c->held.at[s->handed.at[i]->id] = params[i];
    c->l.origin = NULL;
    for (const Inst *in = s->fwd->first; in; in = in->next)
        if (map_get(&s->again, in) && is_outer_product(in))
            repeat_product(c, in);
        else if (map_get(&s->again, in))
            copy_silently(c->m, &c->l, in, &c->held);
}

static void push_waiting(Cut *c, Values *list, Value *const *old, Value *const *marked_as, int n) {
    for (int i = 0; i < n; i++)
        if (is_unknown(c, marked_as[i])) PUSH(c->arena, list, linear_of(c, old[i]));
}
static void push_held(Cut *c, Values *list, Value *const *forward, int n) {
    for (int i = 0; i < n; i++) PUSH(c->arena, list, c->held.at[forward[i]->id]);
}
static void add_waiting_params(Cut *c, Block *block, Value *const *old, Value *const *marked_as, int n) {
    for (int i = 0; i < n; i++)
        if (is_unknown(c, marked_as[i])) c->waiting.at[old[i]->id] = block_param(block, old[i]->type);
}
static void take_waiting(Cut *c, Value *const *from, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (is_unknown(c, old[i])) c->waiting.at[old[i]->id] = *from++;
}

static void linear_whole(Cut *c, const Inst *in) {
    Values read = free_values(c->arena, in);
    for (int i = 0; i < in->nargs; i++) PUSH(c->arena, &read, in->args[i]);
    for (int i = 0; i < read.n; i++) c->waiting.at[read.at[i]->id] = linear_of(c, read.at[i]);
    copy_inst(&c->l, in, &c->waiting, &c->no_sizes, false);
}

static void linear_call(Cut *c, const Inst *in, const Part *part) {
    CallArgs args = { 0 };
    for (int i = 0; i < part->residuals.n; i++)
        call_arg(c->arena, &args, c->held.at[part->residuals.at[i]->id], part->mapped[i]);
    for (int i = 0; i < in->nargs; i++)
        if (is_unknown(c, in->args[i])) call_arg(c->arena, &args, linear_of(c, in->args[i]), is_mapped(in, i));
    const Inst *call = call_like(&c->l, in, part->split->linear, &args, part->sizes, (Sizes){ 0 });
    take_waiting(c, call->results, in->results, in->nresults);
}

static void linear_cond(Cut *c, const Inst *in, const Part *part) {
    int nresiduals = part->residuals.n;
    Values args = { 0 };
    push_held(c, &args, &part->predicate, 1);
    push_held(c, &args, part->residuals.at, nresiduals);
    push_waiting(c, &args, in->args + 1, in->args + 1, in->nargs - 1);
    Block **sides = NEW_ARRAY(c->arena, Block *, in->nregions);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        const Scope *scope = part->scopes[r];
        sides[r] = block_new(c->l.func, NULL);
        for (int i = 0; i < nresiduals; i++) block_param(sides[r], part->residuals.at[i]->type);
        add_waiting_params(c, sides[r], old->params, in->args + 1, old->nparams);
        builder_enter(&c->l, sides[r]);
        Values handed = { 0 }, results = { 0 };
        for (int i = 0; i < scope->handed.n; i++) PUSH(c->arena, &handed, sides[r]->params[part->slots[r][i]]);
        linear_scope(c, scope, handed.at);
        linear_block(c, old);
        push_waiting(c, &results, old->results, in->results, old->nresults);
        block_return(&c->l, results.at, results.n);
        builder_leave(&c->l);
    }
    const Inst *cond = emit_region(&c->l, OP_cond, args.at, args.n, in->attrs, sides, in->nregions);
    take_waiting(c, cond->results, in->results, in->nresults);
}

/* A while that is cut has a known number of rounds when its linear part runs. */
static void linear_loop(Cut *c, const Inst *in, const Part *part) {
    const Block *old = in->regions[in->nregions - 1];
    const Scope *scope = part->scopes[0];
    int carries = (int)in->attrs->carries, first = in->op == OP_for, nxs = in->nargs - carries;
    Value *const *carried = old->params + first, *const *slices = carried + carries;
    Values args = { 0 }, results = { 0 };
    push_waiting(c, &args, in->args, carried, carries);
    int waiting = args.n, replayed = part->states ? scope->carries : 0, handed = scope->handed.n;
    push_held(c, &args, part->residuals.at, replayed + handed);
    push_waiting(c, &args, in->args + carries, in->args + carries, nxs);

    Block *body = block_new(c->l.func, NULL);
    Value *index = block_param(body, type_scalar(c->m->cx, DT_i64));
    if (first) c->held.at[scope->fwd->params[0]->id] = index;
    add_waiting_params(c, body, carried, carried, carries);
    for (int i = 0; i < replayed; i++) {
        const Value *carry = scope->fwd->params[scope->has_index + i];
        c->held.at[carry->id] = block_param(body, carry->type);
    }
    for (int i = 0; i < handed; i++) block_param(body, scope->handed.at[i]->type);
    add_waiting_params(c, body, slices, in->args + carries, nxs);
    builder_enter(&c->l, body);
    linear_scope(c, scope, body->params + 1 + waiting + replayed);
    linear_block(c, old);
    push_waiting(c, &results, old->results, in->results, carries);
    push_held(c, &results, scope->fwd->results, replayed);
    push_waiting(c, &results, old->results + carries, in->results + carries, old->nresults - carries);
    block_return(&c->l, results.at, results.n);
    builder_leave(&c->l);
    Attrs attrs = *attrs_loop(c->arena, part->trip, waiting + replayed, in->op == OP_for && in->attrs->reversed);
    attrs.states = part->states;
    const Inst *loop = emit_region(&c->l, OP_for, args.at, args.n, &attrs, &body, 1);
    take_waiting(c, loop->results, in->results, carries);
    take_waiting(c, loop->results + waiting + replayed, in->results + carries, in->nresults - carries);
}

static void linear_inst(Cut *c, const Inst *in) {
    const Part *part = map_get(&c->parts, in);
    c->l.origin = in->origin;
    if (!part)
        linear_whole(c, in);
    else if (is_call(in))
        linear_call(c, in, part);
    else if (in->op == OP_cond)
        linear_cond(c, in, part);
    else
        linear_loop(c, in, part);
}

void linear_block(Cut *c, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next)
        if (is_cut(c, in)) linear_inst(c, in);
}
