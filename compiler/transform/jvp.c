/* jvp: how results move when arguments do.
**
** Every old value becomes itself and a tangent, NULL where that is zero.  What an operation does to tangents is its own
** affair (ops_jvp); here are calls, custom rules and control flow, which carry tangents beside what they carry anyway. */
#include "transform/walk.h"

typedef struct {
    Module *m;
    Builder b;
    ValueMap value;  /* by old id */
    Value **tangent; /* by old id */
    Marks active;    /* by old id: may have a tangent that is not zero */
    DimMap no_sizes;
} Walk;

static void walk_block(Walk *, const Block *);

typedef struct {
    Func *func;
    bool *active_out;     /* which results do move ... */
    const bool *may_move; /* ... out of these */
    bool whole, promised;
} Made;

bool type_has_tangent(const Type *t) { return dtype_is_inexact(t->dtype); }

static Made *jvp_of(Module *, const Func *, const bool *active);

/* Which results may move. */

static void spread(Marks *m, const Inst *in) {
    if (!any_marked(m, in->args, in->nargs) || op_linear(in->op) == LINEAR_FLAT) return;
    const bool *out = is_call(in) ? marked_by_call(m, MEMO_ACTIVE, in) : NULL;
    for (int i = 0; i < in->nresults; i++)
        if (type_has_tangent(in->results[i]->type) && (!out || out[i])) mark(m, in->results[i]);
}

static Value *value_of(Walk *w, const Value *old) { return w->value.at[old->id]; }
static Value *tangent_of(Walk *w, const Value *old) { return w->tangent[old->id]; }
static Value *tangent_made(Walk *w, const Value *old) {
    Value *t = tangent_of(w, old);
    return t ? t : ir_fill(&w->b, old->type, 0);
}

/* Lists of new values: the values of some old ones, and the tangents of those that are marked. */
static void push_values(Walk *w, Values *list, Value *const *old, int n) {
    for (int i = 0; i < n; i++) PUSH(w->b.arena, list, value_of(w, old[i]));
}
static void push_tangents(Walk *w, Values *list, Value *const *old, Value *const *marked_as, int n) {
    for (int i = 0; i < n; i++)
        if (w->active.at[marked_as[i]->id]) PUSH(w->b.arena, list, tangent_made(w, old[i]));
}

/* Parameters for old ones, then for the tangents of those that move. */
static void add_params(Walk *w, Block *block, Value *const *old, int n) {
    for (int i = 0; i < n; i++) w->value.at[old[i]->id] = block_param(block, old[i]->type);
}
static void add_tangent_params(Walk *w, Block *block, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        w->tangent[old[i]->id] = w->active.at[old[i]->id] ? block_param(block, old[i]->type) : NULL;
}

/* Results that come as `n` values, then the tangents of those that move. */
static Value *const *take_values(Walk *w, Value *const *from, Value *const *old, int n) {
    for (int i = 0; i < n; i++) w->value.at[old[i]->id] = *from++;
    return from;
}
static Value *const *take_tangents(Walk *w, Value *const *from, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (w->active.at[old[i]->id]) w->tangent[old[i]->id] = *from++;
    return from;
}

static void copy(Walk *w, const Inst *in) {
    w->b.origin = NULL; /* its own */
    copy_inst(&w->b, in, &w->value, &w->no_sizes, false);
    w->b.origin = origin_made(w->b.cx->arena, in->origin, "jvp");
}

static void walk_call(Walk *w, const Inst *in) {
    bool *active = bools_new(w->b.arena, in->nargs);
    CallArgs args = { 0 };
    for (int i = 0; i < in->nargs; i++) active[i] = tangent_of(w, in->args[i]) != NULL;
    const Made *made = jvp_of(w->m, in->attrs->callee, active);
    for (int i = 0; i < in->nargs; i++) call_arg(w->b.arena, &args, value_of(w, in->args[i]), is_mapped(in, i));
    for (int i = 0; i < in->nargs; i++)
        if (active[i]) call_arg(w->b.arena, &args, tangent_of(w, in->args[i]), is_mapped(in, i));
    const Inst *call = call_like(&w->b, in, made->func, &args, in->attrs->sizes, in->attrs->binds);
    Value *const *from = take_values(w, call->results, in->results, in->nresults);
    for (int i = 0; i < in->nresults; i++)
        if (made->active_out[i]) w->tangent[in->results[i]->id] = *from++;
}

/* The rule takes all arguments, and tangents of those behind the first `count` that can have one; it gives the results,
** and tangents of those that can have one. */
static void walk_custom_jvp(Walk *w, const Inst *in) {
    Values args = { 0 };
    push_values(w, &args, in->args, in->nargs);
    for (int i = (int)in->attrs->count; i < in->nargs; i++)
        if (type_has_tangent(in->args[i]->type)) PUSH(w->b.arena, &args, tangent_made(w, in->args[i]));
    const Inst *call = call_with_sizes(&w->b, in->attrs->rule, args.at, args.n, in->attrs->sizes, (Sizes){ 0 });
    Value *const *from = take_values(w, call->results, in->results, in->nresults);
    for (int i = 0; i < in->nresults; i++)
        if (type_has_tangent(in->results[i]->type)) w->tangent[in->results[i]->id] = *from++;
}

/* rule(args) gives results and residuals; backward(residuals, cotangents) is a transpose.  So tangents go through a
** linear_call whose transpose is `backward`, and which itself is the transpose of that. */
static void walk_custom_vjp(Walk *w, const Inst *in) {
    const Attrs *a = in->attrs;
    Values args = { 0 };
    push_values(w, &args, in->args, in->nargs);
    const Inst *call = call_with_sizes(&w->b, a->rule, args.at, args.n, a->sizes, (Sizes){ 0 });
    take_values(w, call->results, in->results, in->nresults);
    Values linear_args = { 0 };
    int nresiduals = call->nresults - in->nresults;
    for (int i = 0; i < nresiduals; i++) PUSH(w->b.arena, &linear_args, call->results[in->nresults + i]);
    for (int i = (int)a->count; i < in->nargs; i++)
        if (type_has_tangent(in->args[i]->type)) PUSH(w->b.arena, &linear_args, tangent_made(w, in->args[i]));
    Attrs attrs = no_attrs;
    attrs.callee = transform_transpose(w->m, a->backward, nresiduals);
    attrs.backward = a->backward;
    attrs.sizes = a->sizes;
    attrs.count = nresiduals;
    const Inst *linear = emit_inst(&w->b, OP_linear_call, linear_args.at, linear_args.n, &attrs);
    int from = 0;
    for (int i = 0; i < in->nresults; i++)
        if (type_has_tangent(in->results[i]->type)) w->tangent[in->results[i]->id] = linear->results[from++];
}

/* Linear in the arguments behind the first `count`; if those before them move too, its callee says how. */
static void walk_linear_call(Walk *w, const Inst *in) {
    const Attrs *a = in->attrs;
    int count = (int)a->count;
    bool before = any_marked(&w->active, in->args, count),
         behind = any_marked(&w->active, in->args + count, in->nargs - count);
    copy(w, in);
    if (behind) {
        Values args = { 0 };
        push_values(w, &args, in->args, count);
        for (int i = count; i < in->nargs; i++) PUSH(w->b.arena, &args, tangent_made(w, in->args[i]));
        const Inst *call = emit_inst(&w->b, OP_linear_call, args.at, args.n, a);
        for (int i = 0; i < in->nresults; i++) w->tangent[in->results[i]->id] = call->results[i];
    }
    if (!before) return;
    bool *active = bools_new(w->b.arena, in->nargs);
    Values args = { 0 };
    push_values(w, &args, in->args, in->nargs);
    for (int i = 0; i < count; i++) {
        active[i] = tangent_of(w, in->args[i]) != NULL;
        if (active[i]) PUSH(w->b.arena, &args, tangent_of(w, in->args[i]));
    }
    const Made *made = jvp_of(w->m, a->callee, active);
    const Inst *call = call_with_sizes(&w->b, made->func, args.at, args.n, a->sizes, (Sizes){ 0 });
    Value *const *from = call->results + in->nresults;
    for (int i = 0; i < in->nresults; i++) {
        if (!made->active_out[i]) continue;
        Value **t = &w->tangent[in->results[i]->id], *more = *from++;
        *t = *t ? ir_add(&w->b, *t, more) : more;
    }
}

static void walk_cond(Walk *w, const Inst *in) {
    Block **sides = NEW_ARRAY(w->b.arena, Block *, in->nregions);
    Values args = { 0 };
    push_values(w, &args, in->args, in->nargs);
    /* an argument moves where its parameter may, which is the same for all sides */
    push_tangents(w, &args, in->args + 1, in->regions[0]->params, in->nargs - 1);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        sides[r] = block_new(w->b.func, NULL);
        add_params(w, sides[r], old->params, old->nparams);
        add_tangent_params(w, sides[r], old->params, old->nparams);
        builder_enter(&w->b, sides[r]);
        walk_block(w, old);
        Values results = { 0 };
        push_values(w, &results, old->results, old->nresults);
        push_tangents(w, &results, old->results, in->results, old->nresults);
        block_return(&w->b, results.at, results.n);
        builder_leave(&w->b);
    }
    const Inst *cond = emit_region(&w->b, OP_cond, args.at, args.n, in->attrs, sides, in->nregions);
    take_tangents(w, take_values(w, cond->results, in->results, in->nresults), in->results, in->nresults);
}

/* carries, their tangents, then xs and theirs; likewise the results */
static void walk_loop(Walk *w, const Inst *in) {
    int carries = (int)in->attrs->carries, first = in->op == OP_for, nxs = in->nargs - carries;
    const Block *old = in->regions[in->nregions - 1];
    Value *const *carried = old->params + first, *const *slices = carried + carries;
    int nstacked = old->nresults - carries;
    Values args = { 0 };
    push_values(w, &args, in->args, carries);
    push_tangents(w, &args, in->args, carried, carries);
    Attrs attrs = *in->attrs;
    attrs.carries = args.n;
    push_values(w, &args, in->args + carries, nxs);
    push_tangents(w, &args, in->args + carries, slices, nxs);

    Block *blocks[2];
    int n = 0;
    if (in->op == OP_while) { /* the predicate looks at no tangent */
        const Block *test = in->regions[0];
        Block *made = blocks[n++] = block_new(w->b.func, NULL);
        add_params(w, made, test->params, carries);
        for (int i = carries; i < attrs.carries; i++) block_param(made, args.at[i]->type);
        builder_enter(&w->b, made);
        copy_block_into(&w->b, test, &w->value, &w->no_sizes, false);
        block_return(&w->b, &w->value.at[test->results[0]->id], 1);
        builder_leave(&w->b);
    }
    Block *body = blocks[n++] = block_new(w->b.func, NULL);
    if (first) w->value.at[old->params[0]->id] = block_param(body, old->params[0]->type);
    add_params(w, body, carried, carries);
    add_tangent_params(w, body, carried, carries);
    add_params(w, body, slices, nxs);
    add_tangent_params(w, body, slices, nxs);
    builder_enter(&w->b, body);
    walk_block(w, old);
    Values results = { 0 };
    push_values(w, &results, old->results, carries);
    push_tangents(w, &results, old->results, carried, carries);
    push_values(w, &results, old->results + carries, nstacked);
    push_tangents(w, &results, old->results + carries, in->results + carries, nstacked);
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);

    const Inst *loop = emit_region(&w->b, in->op, args.at, args.n, &attrs, blocks, n);
    Value *const *from = take_values(w, loop->results, in->results, carries);
    from = take_tangents(w, from, in->results, carries);
    from = take_values(w, from, in->results + carries, nstacked);
    take_tangents(w, from, in->results + carries, nstacked);
}

static void walk_plain(Walk *w, const Inst *in) {
    copy(w, in);
    Jvp d = { .b = &w->b, .in = in };
    d.x = values_new(w->b.arena, in->nargs);
    d.t = values_new(w->b.arena, in->nargs);
    d.y = values_new(w->b.arena, in->nresults);
    d.dy = values_new(w->b.arena, in->nresults);
    for (int i = 0; i < in->nargs; i++) {
        d.x[i] = value_of(w, in->args[i]);
        d.t[i] = tangent_of(w, in->args[i]);
    }
    for (int i = 0; i < in->nresults; i++) d.y[i] = value_of(w, in->results[i]);
    ops_jvp(&d);
    for (int i = 0; i < in->nresults; i++) {
        w->value.at[in->results[i]->id] = d.y[i];
        if (w->active.at[in->results[i]->id]) w->tangent[in->results[i]->id] = d.dy[i];
    }
}

static void walk_inst(Walk *w, const Inst *in) {
    bool moves = any_marked(&w->active, in->args, in->nargs) || reads_marked(&w->active, in);
    if (!moves || op_linear(in->op) == LINEAR_FLAT) {
        copy(w, in);
        return;
    }
    w->b.origin = origin_made(w->b.cx->arena, in->origin, "jvp");
    switch (in->op) {
    case OP_call:
    case OP_pmap: walk_call(w, in); break;
    case OP_custom_jvp_call: walk_custom_jvp(w, in); break;
    case OP_custom_vjp_call: walk_custom_vjp(w, in); break;
    case OP_linear_call: walk_linear_call(w, in); break;
    case OP_cond: walk_cond(w, in); break;
    case OP_for:
    case OP_while: walk_loop(w, in); break;
    default: walk_plain(w, in);
    }
}

static void walk_block(Walk *w, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) walk_inst(w, in);
}

/* A function that is met while its jvp is made calls itself. */
static void promise(Made *made, const Func *f) {
    if (made->promised) return;
    made->promised = true;
    for (int i = 0; i < f->body->nresults; i++) made->active_out[i] = made->may_move[i];
    for (int tangents = 0; tangents < 2; tangents++)
        for (int i = 0; i < f->body->nresults; i++)
            if (!tangents || made->active_out[i]) promise_result(made->func, f->body->results[i]->type);
}

static Made *jvp_of(Module *m, const Func *f, const bool *active) {
    int n = f->body->nparams, nresults = f->body->nresults;
    MemoKey key = { .kind = MEMO_JVP, .func = f, .mask = active, .nmask = n };
    Made *made = memo_get(m, &key);
    if (made && !made->whole) promise(made, f);
    if (made) return made;
    made = NEW(m->arena, Made);
    made->active_out = bools_new(m->arena, nresults);
    memo_set(m, &key, made);
    Func *g = made->func = func_like(m, f, "jvp");
    Walk w = {
        .m = m, .value = value_map_new(m->arena, f), .tangent = values_new(m->arena, f->nvalues), .b = builder_new(g)
    };
    w.active = marks_new(m, f, spread, NULL);
    bool *moving = bools_new(m->arena, n);
    for (int i = 0; i < n; i++) {
        moving[i] = active[i] && type_has_tangent(f->body->params[i]->type);
        if (moving[i]) mark(&w.active, f->body->params[i]);
    }
    made->may_move = marked_results(m, MEMO_ACTIVE, f, moving, spread, NULL);
    marks_block(&w.active, f->body);
    add_params(&w, g->body, f->body->params, n);
    add_tangent_params(&w, g->body, f->body->params, n);
    walk_block(&w, f->body);
    Values results = { 0 };
    push_values(&w, &results, f->body->results, nresults);
    for (int i = 0; i < nresults; i++) {
        bool moves = made->promised ? made->active_out[i] : tangent_of(&w, f->body->results[i]) != NULL;
        made->active_out[i] = moves;
        if (moves) PUSH(m->arena, &results, tangent_made(&w, f->body->results[i]));
    }
    block_return(&w.b, results.at, results.n);
    clean_made(m, g);
    made->whole = true;
    return made;
}

Func *transform_jvp(Module *m, const Func *f, const bool *active, bool *active_out) {
    const Made *made = jvp_of(m, f, active);
    for (int i = 0; i < f->body->nresults; i++) active_out[i] = made->active_out[i];
    return made->func;
}
