/* forward: the forward part of a split: all that follows from what is known, with extra results for what the linear part reads.
**
** While it is written, `need` collects what each block's linear counterpart will read.  When a block is whole that is
** settled, so what is kept of a loop's rounds is known before the loop itself is appended. */
#include "transform/split.h"

static void need_known(Cut *c, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (!is_unknown(c, old[i])) need(c, forward_of(c, old[i]));
}
static void push_known(Cut *c, Values *list, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (!is_unknown(c, old[i])) PUSH(c->arena, list, forward_of(c, old[i]));
}
static void add_known_params(Cut *c, Block *block, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (!is_unknown(c, old[i])) c->known.at[old[i]->id] = block_param(block, old[i]->type);
}
static Value *const *take_known(Cut *c, Value *const *from, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (!is_unknown(c, old[i])) c->known.at[old[i]->id] = *from++;
    return from;
}

/* The sizes that the forward callee binds: as the call called them, or new ones. */
static Sizes bound_sizes(Cut *c, const Inst *in, const Func *forward) {
    Sizes bound = func_bound_sizes(c->arena, forward), old = func_bound_sizes(c->arena, in->attrs->callee);
    const SizeVar **at = NEW_ARRAY(c->arena, const SizeVar *, bound.n + 1);
    for (int i = 0; i < bound.n; i++) {
        for (int k = 0; k < old.n; k++)
            if (old.at[k] == bound.at[i]) at[i] = in->attrs->binds.at[k];
        if (!at[i]) at[i] = size_var(c->m->cx, bound.at[i]->name, bound.at[i]->span);
    }
    return (Sizes){ bound.n, at };
}

static void forward_call(Cut *c, const Inst *in, Part *part) {
    bool *known = bools_new(c->arena, in->nargs);
    CallArgs args = { 0 };
    for (int i = 0; i < in->nargs; i++) {
        known[i] = !is_unknown(c, in->args[i]);
        if (known[i]) call_arg(c->arena, &args, forward_of(c, in->args[i]), is_mapped(in, i));
    }
    const Split *split = part->split = split_of_callee(c, in, known);
    Sizes binds = bound_sizes(c, in, split->forward);
    const Inst *call = call_like(&c->b, in, split->forward, &args, in->attrs->sizes, binds);
    part->mapped = bools_new(c->arena, split->nresiduals);
    Value *const *from = take_known(c, call->results, in->results, in->nresults);
    for (int i = 0; i < split->nresiduals; i++) {
        Value *w = split->from_param[i] >= 0    ? forward_of(c, in->args[split->from_param[i]])
                   : split->from_result[i] >= 0 ? call->results[split->from_result[i]]
                                                : *from++;
        part->mapped[i] = split->from_param[i] < 0 || is_mapped(in, split->from_param[i]);
        PUSH(c->arena, &part->residuals, w);
        need(c, w);
    }
    const Dim **sizes = NEW_ARRAY(c->arena, const Dim *, in->attrs->sizes.n + binds.n + 1);
    for (int i = 0; i < in->attrs->sizes.n; i++) sizes[i] = in->attrs->sizes.at[i];
    for (int i = 0; i < binds.n; i++) sizes[in->attrs->sizes.n + i] = dim_var(c->m->cx, binds.at[i]);
    part->sizes = (Dims){ in->attrs->sizes.n + binds.n, sizes };
}

/* The forward counterpart of a side or body: its known instructions, then what is kept is decided.  A body that is
** replayed needs what it carries. */
static void forward_scope(Cut *c, Scope *scope, const Block *old, Value *const *marked_as) {
    c->scope = scope;
    forward_block(c, old);
    for (int i = 0; i < old->nresults; i++) /* waits outside, but is known in here */
        if ((is_unknown(c, marked_as[i]) || (scope->replayed && i < scope->old_carries)) &&
            !is_unknown(c, old->results[i]))
            need(c, forward_of(c, old->results[i]));
    settle(c, scope);
    c->scope = scope->outer;
}

static void push_residual(Cut *c, Part *part, Value *w) {
    PUSH(c->arena, &part->residuals, w);
    need(c, w);
}

static int residual_place(Cut *c, Part *part, Value *w, int from) {
    for (int i = from; i < part->residuals.n; i++)
        if (part->residuals.at[i] == w) return i;
    push_residual(c, part, w);
    return part->residuals.n - 1;
}

/* What the sides keep shares the results of the cond, by type: slots. */
static void forward_cond(Cut *c, const Inst *in, Part *part) {
    int n = in->nregions;
    Values args = { 0 };
    push_known(c, &args, in->args, in->nargs);
    Block **sides = NEW_ARRAY(c->arena, Block *, n);
    struct {
        const Type **at;
        int n, cap;
    } slots = { 0 };
    struct {
        int *at;
        int n, cap;
    } user = { 0 }; /* the last side that took the slot, from 1 */
    part->scopes = NEW_ARRAY(c->arena, Scope *, n);
    part->slots = NEW_ARRAY(c->arena, int *, n);
    part->predicate = forward_of(c, in->args[0]);
    need(c, part->predicate);
    for (int r = 0; r < n; r++) {
        const Block *old = in->regions[r];
        sides[r] = block_new(c->b.func, NULL);
        for (int i = 0; i < old->nparams; i++)
            if (!is_unknown(c, in->args[i + 1]))
                c->known.at[old->params[i]->id] = block_param(sides[r], old->params[i]->type);
        Scope *scope = part->scopes[r] = scope_new(c, c->scope, sides[r]);
        scope->given = args.at + 1;
        builder_enter(&c->b, sides[r]);
        forward_scope(c, scope, old, in->results);
        builder_leave(&c->b);
        int *slot = part->slots[r] = NEW_ARRAY(c->arena, int, scope->handed.n + 1);
        for (int i = 0; i < scope->handed.n; i++) {
            if (*(const Held *)map_get(&scope->held, scope->handed.at[i]) != HELD_KEPT) continue;
            const Type *type = scope->handed.at[i]->type;
            int k = 0;
            while (k < slots.n && (slots.at[k] != type || user.at[k] == r + 1)) k++;
            if (k == slots.n) {
                PUSH(c->arena, &slots, type);
                PUSH(c->arena, &user, 0);
            }
            user.at[k] = r + 1;
            slot[i] = k;
        }
    }
    for (int r = 0; r < n; r++) {
        const Block *old = in->regions[r];
        const Scope *scope = part->scopes[r];
        Values results = { 0 };
        builder_enter(&c->b, sides[r]);
        for (int i = 0; i < old->nresults; i++)
            if (!is_unknown(c, in->results[i])) PUSH(c->arena, &results, forward_of(c, old->results[i]));
        int first = results.n;
        for (int k = 0; k < slots.n; k++) PUSH(c->arena, &results, NULL);
        for (int i = 0; i < scope->handed.n; i++)
            if (*(const Held *)map_get(&scope->held, scope->handed.at[i]) == HELD_KEPT)
                results.at[first + part->slots[r][i]] = scope->handed.at[i];
        for (int k = 0; k < slots.n; k++)
            if (!results.at[first + k]) results.at[first + k] = ir_fill(&c->b, slots.at[k], 0);
        block_return(&c->b, results.at, results.n);
        builder_leave(&c->b);
    }
    const Inst *cond = emit_region(&c->b, OP_cond, args.at, args.n, in->attrs, sides, n);
    Value *const *from = take_known(c, cond->results, in->results, in->nresults);
    for (int k = 0; k < slots.n; k++) push_residual(c, part, from[k]);
    for (int r = 0; r < n; r++)
        for (int i = 0; i < part->scopes[r]->handed.n; i++) {
            Value *w = part->scopes[r]->handed.at[i];
            if (*(const Held *)map_get(&part->scopes[r]->held, w) == HELD_GIVEN)
                part->slots[r][i] = residual_place(c, part, args.at[1 + w->index], slots.n);
        }
}

/* Kept values are stacked, and so are slices of arrays that are. */
static void forward_loop(Cut *c, const Inst *in, Part *part) {
    const Block *old = in->regions[in->nregions - 1];
    int carries = (int)in->attrs->carries, first = in->op == OP_for, nxs = in->nargs - carries;
    Value *const *carried = old->params + first, *const *slices = carried + carries;
    Values args = { 0 };
    for (int i = 0; i < carries; i++)
        if (!is_unknown(c, carried[i]))
            PUSH(c->arena, &args, forward_of(c, in->args[i]));
        else
            need_known(c, in->args + i, 1); /* what a carry that waits starts from */
    Attrs attrs = *in->attrs;
    attrs.carries = args.n;
    push_known(c, &args, in->args + carries, nxs);

    Block *blocks[2];
    int n = 0;
    if (in->op == OP_while) {
        const Block *test = in->regions[0];
        Block *made = blocks[n++] = block_new(c->b.func, NULL);
        add_known_params(c, made, test->params, carries);
        builder_enter(&c->b, made);
        copy_block_into(&c->b, test, &c->known, &c->no_sizes, false);
        block_return(&c->b, &c->known.at[test->results[0]->id], 1);
        builder_leave(&c->b);
    }
    Block *body = blocks[n++] = block_new(c->b.func, NULL);
    if (first) c->known.at[old->params[0]->id] = block_param(body, old->params[0]->type);
    add_known_params(c, body, carried, carries);
    add_known_params(c, body, slices, nxs);
    Scope *scope = scope_new(c, c->scope, body);
    scope->has_index = first;
    scope->is_loop = true;
    scope->carries = (int)attrs.carries;
    scope->old_carries = carries;
    scope->given = args.at + attrs.carries;
    part->states = states_of_loop(c, in, args.at, scope->carries);
    scope->replayed = part->states != NULL;
    part->scopes = NEW(c->arena, Scope *);
    part->scopes[0] = scope;
    builder_enter(&c->b, body);
    forward_scope(c, scope, old, in->results);
    Values results = { 0 };
    for (int i = 0; i < old->nresults; i++)
        if (!is_unknown(c, in->results[i])) PUSH(c->arena, &results, forward_of(c, old->results[i]));
    int nknown = results.n;
    for (int i = 0; i < scope->kept.n; i++) PUSH(c->arena, &results, scope->kept.at[i]);
    bool only_counts = in->op == OP_while && results.n == attrs.carries;
    if (only_counts) { /* slices of no element, so that the rounds are counted */
        const Dim *none = dim_int(c->m->cx, 0);
        PUSH(c->arena, &results, ir_fill_int(&c->b, type_of(c->m->cx, DT_bool, 1, &none), 0));
    }
    block_return(&c->b, results.at, results.n);
    builder_leave(&c->b);

    part->trip = in->attrs->trip;
    if (in->op == OP_while) {
        if (attrs.binds.n == 0) {
            const SizeVar **count = NEW(c->arena, const SizeVar *);
            *count = size_var(c->m->cx, "trips", in->origin ? in->origin->span : (Span){ 0 });
            attrs.binds = (Sizes){ 1, count };
        }
        part->trip = dim_var(c->m->cx, attrs.binds.at[0]);
    }
    const Inst *loop = emit_region(&c->b, in->op, args.at, args.n, &attrs, blocks, n);
    take_known(c, loop->results, in->results, in->nresults);
    int kept = nknown;
    for (int i = 0; part->states && i < scope->carries; i++) push_residual(c, part, args.at[i]);
    for (int i = 0; i < scope->handed.n; i++) {
        Value *w = scope->handed.at[i];
        if (*(const Held *)map_get(&scope->held, w) == HELD_GIVEN)
            push_residual(c, part, args.at[w->index - first]);
        else
            push_residual(c, part, loop->results[kept++]);
    }
    if (only_counts) push_residual(c, part, loop->results[nknown]);
}

static void forward_inst(Cut *c, const Inst *in) {
    if (waits_whole(c, in)) {
        Values free = free_values(c->arena, in);
        need_known(c, in->args, in->nargs);
        need_known(c, free.at, free.n);
        return;
    }
    Part *part = NEW(c->arena, Part);
    map_set(&c->parts, in, part);
    switch (in->op) {
    case OP_call:
    case OP_pmap: forward_call(c, in, part); break;
    case OP_cond: forward_cond(c, in, part); break;
    default: forward_loop(c, in, part);
    }
}

/* What is computed again must come out the same to the last bit, however much of it is computed again.  So which products
** are joined with an addition is decided here, before anything is left out: those that nothing else needs. */

static bool may_join(const Inst *in) {
    DType d = in->results[0]->type->dtype;
    return d == DT_f32 || d == DT_f64;
}

static bool join_multiply_add(Cut *c, const Inst *in) {
    if ((in->op != OP_add && in->op != OP_sub) || !may_join(in)) return false;
    for (int k = 0; k < 2; k++) {
        const Value *product = in->args[k];
        const Inst *mul = product->def;
        if (!mul || mul->op != OP_mul || product->block != in->block || c->uses[product->id] != 1) continue;
        Value *x = forward_of(c, mul->args[0]), *y = forward_of(c, mul->args[1]), *z = forward_of(c, in->args[1 - k]);
        if (in->op == OP_sub && k == 0) z = ir_neg(&c->b, z);
        if (in->op == OP_sub && k == 1) x = ir_neg(&c->b, x);
        c->known.at[in->results[0]->id] = ir_fma(&c->b, x, y, z);
        return true;
    }
    return false;
}

static void keep_apart(Cut *c, const Inst *in) {
    Attrs attrs = no_attrs;
    attrs.apart = may_join(in);
    Value *args[2] = { forward_of(c, in->args[0]), forward_of(c, in->args[1]) };
    c->known.at[in->results[0]->id] = emit(&c->b, OP_mul, args, 2, &attrs);
}

void forward_block(Cut *c, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        c->b.origin = in->origin;
        if (is_cut(c, in))
            forward_inst(c, in);
        else if (in->op == OP_mul)
            keep_apart(c, in);
        else if (!join_multiply_add(c, in))
            copy_inst(&c->b, in, &c->known, &c->no_sizes, false);
    }
}
