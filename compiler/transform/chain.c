/* chain: a function that calls itself at one place only, as loops.
**
** Its calls form a chain, so the recursion is a way down and a way up: a while that goes from arguments to arguments until the
** inner call is not reached, and stacks them; the function once without the call; and a for over what was stacked,
** backwards, that gives each round the results of the one before in the place of its inner call.  Reverse mode takes these apart
** like any loops, in time proportional to the depth; of other recursive functions it keeps nothing but arguments, and computes
** inner calls again once for each call around them (split.c). */
#include "transform/walk.h"

typedef enum { REACHES, ARGUMENTS, RESULTS } Aspect; /* of a run of the body */

typedef struct {
    Module *m;
    Builder b;
    const Func *func;
    const Inst *call; /* of itself */
    bool several;     /* there are other ways to itself */
    ValueMap value;
    DimMap sizes;
    Value *const *inner; /* for RESULTS: what the call gives */
} Chain;

static void find_calls(Chain *c, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        const Func *callee = in->attrs->callee;
        if (in->op == OP_call && callee == c->func) {
            c->several |= c->call != NULL;
            c->call = in;
        } else if (callee && func_reaches(c->m, callee, c->func)) {
            c->several = true;
        }
        for (int r = 0; r < in->nregions; r++) find_calls(c, in->regions[r]);
    }
}

/* Between the body and the call stand only conds, nothing happens once, and sizes are the same all the way. */
static bool is_chain(Chain *c) {
    const Func *f = c->func;
    find_calls(c, f->body);
    if (!c->call || c->several || f->body->nparams == 0 || func_bound_sizes(c->m->arena, f).n) return false;
    if (inst_effect(c->call) == EFFECT_ORDERED) return false;
    for (int i = 0; i < f->sizes.n; i++)
        if (c->call->attrs->sizes.at[i] != dim_var(c->m->cx, f->sizes.at[i])) return false;
    for (const Block *b = c->call->block; b != f->body; b = b->parent->block)
        if (b->parent->op != OP_cond) return false;
    return c->call->block != f->body; /* else it never ends */
}

static bool holds_call(const Chain *c, const Block *block) {
    for (const Block *b = c->call->block; b; b = b->parent ? b->parent->block : NULL)
        if (b == block) return true;
    return false;
}
static bool is_on_way(const Chain *c, const Inst *in) {
    for (int r = 0; r < in->nregions; r++)
        if (holds_call(c, in->regions[r])) return true;
    return false;
}

static void push_values(Chain *c, Values *list, Value *const *old, int n) {
    for (int i = 0; i < n; i++) PUSH(c->m->arena, list, c->value.at[old[i]->id]);
}

static void run_block(Chain *, const Block *, Aspect, Values *out);

/* A side from which the call is not reached. */
static void run_other_side(Chain *c, const Block *side, Aspect what, Values *out) {
    if (what == REACHES) PUSH(c->m->arena, out, ir_bool(&c->b, false));
    for (int i = 0; what == ARGUMENTS && i < c->call->nargs; i++)
        PUSH(c->m->arena, out, ir_fill(&c->b, c->call->args[i]->type, 0));
    if (what != RESULTS) return;
    copy_block_into(&c->b, side, &c->value, &c->sizes, true);
    push_values(c, out, side->results, side->nresults);
}

static const Inst *run_cond(Chain *c, const Inst *in, Aspect what) {
    Block **sides = NEW_ARRAY(c->m->arena, Block *, in->nregions);
    Values args = { 0 };
    push_values(c, &args, in->args, in->nargs);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        Values out = { 0 };
        sides[r] = block_new(c->b.func, NULL);
        for (int i = 0; i < old->nparams; i++)
            c->value.at[old->params[i]->id] = block_param(sides[r], args.at[1 + i]->type);
        builder_enter(&c->b, sides[r]);
        if (holds_call(c, old))
            run_block(c, old, what, &out);
        else
            run_other_side(c, old, what, &out);
        block_return(&c->b, out.at, out.n);
        builder_leave(&c->b);
    }
    return emit_region(&c->b, OP_cond, args.at, args.n, in->attrs, sides, in->nregions);
}

/* What is asked of a block on the way to the call; all that comes behind it is left out where only the way down is. */
static void run_block(Chain *c, const Block *block, Aspect what, Values *out) {
    for (const Inst *in = block->first; in; in = in->next) {
        Value *const *results;
        c->b.origin = in->origin;
        if (in == c->call) {
            if (what == REACHES) PUSH(c->m->arena, out, ir_bool(&c->b, true));
            if (what == ARGUMENTS) push_values(c, out, in->args, in->nargs);
            if (what != RESULTS) return;
            results = c->inner;
        } else if (is_on_way(c, in)) {
            const Inst *cond = run_cond(c, in, what);
            for (int i = 0; what != RESULTS && i < cond->nresults; i++) PUSH(c->m->arena, out, cond->results[i]);
            if (what != RESULTS) return;
            results = cond->results;
        } else {
            c->b.origin = NULL;
            copy_inst(&c->b, in, &c->value, &c->sizes, true);
            continue;
        }
        for (int i = 0; i < in->nresults; i++) c->value.at[in->results[i]->id] = results[i];
    }
    push_values(c, out, block->results, block->nresults);
}

static Values run(Chain *c, Aspect what, Value *const *args, Value *const *inner) {
    Values out = { 0 };
    c->value = value_map_new(c->m->arena, c->func);
    c->sizes = (DimMap){ 0 };
    c->inner = inner;
    for (int i = 0; i < c->func->body->nparams; i++) c->value.at[c->func->body->params[i]->id] = args[i];
    run_block(c, c->func->body, what, &out);
    return out;
}

static Block *enter_block(Chain *c, Value *const *like, int n) {
    Block *block = block_new(c->b.func, NULL);
    for (int i = 0; i < n; i++) block_param(block, like[i]->type);
    builder_enter(&c->b, block);
    return block;
}
static void leave_block(Chain *c, const Values *results) {
    block_return(&c->b, results->at, results->n);
    builder_leave(&c->b);
}

static void write_loops(Chain *c) {
    const Block *body = c->func->body;
    int n = body->nparams;
    Value *const *params = c->b.func->body->params;
    Block *blocks[2];
    blocks[0] = enter_block(c, params, n);
    Values out = run(c, REACHES, blocks[0]->params, NULL);
    leave_block(c, &out);
    blocks[1] = enter_block(c, params, n);
    out = run(c, ARGUMENTS, blocks[1]->params, NULL);
    for (int i = 0; i < n; i++) PUSH(c->m->arena, &out, blocks[1]->params[i]);
    leave_block(c, &out);
    const SizeVar **depth = NEW(c->m->arena, const SizeVar *);
    *depth = size_var(c->m->cx, "depth", c->call->origin ? c->call->origin->span : (Span){ 0 });
    Attrs attrs = *attrs_loop(c->m->arena, NULL, n, false);
    attrs.binds = (Sizes){ 1, depth };
    const Inst *down = emit_region(&c->b, OP_while, params, n, &attrs, blocks, 2);

    Values args = { 0 }, none = { 0 };
    for (int i = 0; i < body->nresults; i++) PUSH(c->m->arena, &none, ir_fill(&c->b, body->results[i]->type, 0));
    args = run(c, RESULTS, down->results, none.at);
    for (int i = 0; i < n; i++) PUSH(c->m->arena, &args, down->results[n + i]);
    Block *up = block_new(c->b.func, NULL);
    block_param(up, type_scalar(c->m->cx, DT_i64));
    for (int i = 0; i < body->nresults; i++) block_param(up, body->results[i]->type);
    for (int i = 0; i < n; i++) block_param(up, body->params[i]->type);
    builder_enter(&c->b, up);
    out = run(c, RESULTS, up->params + 1 + body->nresults, up->params + 1);
    leave_block(c, &out);
    c->b.origin = c->call->origin;
    const Attrs *loop = attrs_loop(c->m->arena, dim_var(c->m->cx, *depth), body->nresults, true);
    const Inst *in = emit_region(&c->b, OP_for, args.at, args.n, loop, &up, 1);
    block_return(&c->b, in->results, in->nresults);
}

const Func *as_loops(Module *m, const Func *f) {
    MemoKey key = { .kind = MEMO_CHAIN, .func = f };
    Func *made = memo_get(m, &key);
    if (made) return made;
    Chain c = { .m = m, .func = f };
    if (is_chain(&c)) {
        made = func_like(m, f, "loops");
        made->title = f->title;
        c.b = builder_new(made);
        for (int i = 0; i < f->body->nparams; i++) block_param(made->body, f->body->params[i]->type);
        write_loops(&c);
        clean_made(m, made);
    } else {
        made = (Func *)f;
    }
    memo_set(m, &key, made);
    return made;
}
