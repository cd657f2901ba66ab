/* transpose: from the cotangents of a linear function's results to those of its linear parameters.
**
** What follows from the known parameters alone is computed first, in order.  Then the linear instructions are walked
** backwards: each takes the cotangents of its results and adds to those of its arguments; NULL is zero.  A loop runs the
** other way, carrying the cotangents of its carries, and beside them those of what its body reads from around it; one that
** carries known values too is revolve.c's affair. */
#include "transform/transpose.h"

typedef struct {
    Func *func;
    bool *given; /* per linear parameter: its cotangent is a result; otherwise zero */
    bool whole, promised;
} Made;

static const Made *transpose_of(Module *, const Func *, const bool *linear, const bool *has_ct, bool all);

bool is_linear(const Back *w, const Value *old) { return w->linear.at[old->id]; }

static void spread(Marks *m, const Inst *in) {
    if (any_marked(m, in->args, in->nargs))
        for (int i = 0; i < in->nresults; i++) mark(m, in->results[i]);
}

bool involves(const Back *w, const Inst *in) {
    return any_marked(&w->linear, in->args, in->nargs) || reads_marked(&w->linear, in);
}

void add_ct(Back *w, const Value *old, Value *ct) {
    Value **sum = &w->ct[old->id];
    if (ct && is_linear(w, old)) *sum = *sum ? ir_add(&w->b, *sum, ct) : ct;
}
Value *ct_or_zeros(Back *w, const Value *old) {
    Value *ct = w->ct[old->id];
    return ct ? ct : ir_fill(&w->b, old->type, 0);
}
static bool has_ct(const Back *w, const Inst *in) {
    for (int i = 0; i < in->nresults; i++)
        if (w->ct[in->results[i]->id]) return true;
    return false;
}

void push_known(Back *w, Values *list, Value *const *old, int n) {
    for (int i = 0; i < n; i++)
        if (!is_linear(w, old[i])) PUSH(w->arena, list, w->known.at[old[i]->id]);
}

static void walk_plain(Back *w, const Inst *in) {
    Transpose d = { .b = &w->b, .in = in };
    d.x = values_new(w->arena, in->nargs);
    d.linear = bools_new(w->arena, in->nargs);
    d.ct = values_new(w->arena, in->nresults);
    d.dx = values_new(w->arena, in->nargs);
    for (int i = 0; i < in->nargs; i++) {
        d.linear[i] = is_linear(w, in->args[i]);
        d.x[i] = d.linear[i] ? NULL : w->known.at[in->args[i]->id];
    }
    for (int i = 0; i < in->nresults; i++) d.ct[i] = w->ct[in->results[i]->id];
    ops_transpose(&d);
    for (int i = 0; i < in->nargs; i++) add_ct(w, in->args[i], d.dx[i]);
}

static void walk_call(Back *w, const Inst *in) {
    bool *linear = bools_new(w->arena, in->nargs), *given = bools_new(w->arena, in->nresults);
    CallArgs args = { 0 };
    for (int i = 0; i < in->nargs; i++) {
        linear[i] = is_linear(w, in->args[i]);
        if (!linear[i]) call_arg(w->arena, &args, w->known.at[in->args[i]->id], is_mapped(in, i));
    }
    for (int i = 0; i < in->nresults; i++) {
        given[i] = w->ct[in->results[i]->id] != NULL;
        if (given[i]) call_arg(w->arena, &args, w->ct[in->results[i]->id], true);
    }
    const Made *made = transpose_of(w->m, in->attrs->callee, linear, given, false);
    const Inst *call =
        is_call(in) ? call_like(&w->b, in, made->func, &args, in->attrs->sizes, (Sizes){ 0 })
                    : call_with_sizes(&w->b, made->func, args.args.at, args.args.n, in->attrs->sizes, (Sizes){ 0 });
    for (int i = 0, k = 0, from = 0; i < in->nargs; i++) {
        if (!linear[i] || !made->given[k++]) continue;
        Value *ct = call->results[from++]; /* of what all shards were given, each has a part */
        if (in->op == OP_pmap && !is_mapped(in, i)) ct = ir_reduce(&w->b, OP_reduce_sum, ct, 1, &(int64_t){ 0 });
        add_ct(w, in->args[i], ct);
    }
}

/* What only fails when it runs: it is asked for by those who then never call it. */
static void refuse(Builder *b, const char *message) {
    Attrs attrs = no_attrs;
    attrs.format = name_of(b->cx, message);
    emit_inst(b, OP_assert, (Value *[]){ ir_bool(b, false) }, 1, &attrs);
}

/* Its transpose came with it; the transpose of that is the call itself. */
static void walk_linear_call(Back *w, const Inst *in) {
    int count = (int)in->attrs->count;
    Values args = { 0 };
    push_known(w, &args, in->args, count);
    if (args.n < count) bug(w->m->cx, "a linear_call is transposed by what it is not linear in");
    if (!in->attrs->backward) {
        refuse(&w->b, "reverse mode needs transpose_solve, and custom_linear_solve was given none");
        return;
    }
    for (int i = 0; i < in->nresults; i++) PUSH(w->arena, &args, ct_or_zeros(w, in->results[i]));
    Attrs attrs = *in->attrs;
    attrs.callee = in->attrs->backward;
    attrs.backward = in->attrs->callee;
    const Inst *call = emit_inst(&w->b, OP_linear_call, args.at, args.n, &attrs);
    for (int i = count; i < in->nargs; i++) add_ct(w, in->args[i], call->results[i - count]);
}

/* A function with a rule of its own, linear in these arguments: whatever they are, its cotangents are the same. */
static void walk_custom_vjp(Back *w, const Inst *in) {
    const Attrs *a = in->attrs;
    Values args = { 0 }, back = { 0 };
    for (int i = 0; i < in->nargs; i++) {
        const Value *x = in->args[i];
        PUSH(w->arena, &args, is_linear(w, x) ? ir_fill(&w->b, x->type, 0) : w->known.at[x->id]);
    }
    const Inst *rule = call_with_sizes(&w->b, a->rule, args.at, args.n, a->sizes, (Sizes){ 0 });
    for (int i = in->nresults; i < rule->nresults; i++) PUSH(w->arena, &back, rule->results[i]);
    for (int i = 0; i < in->nresults; i++)
        if (type_has_tangent(in->results[i]->type)) PUSH(w->arena, &back, ct_or_zeros(w, in->results[i]));
    const Inst *call = call_with_sizes(&w->b, a->backward, back.at, back.n, a->sizes, (Sizes){ 0 });
    for (int i = (int)a->count, from = 0; i < in->nargs; i++)
        if (type_has_tangent(in->args[i]->type)) add_ct(w, in->args[i], call->results[from++]);
}

/* The linear values of the blocks around that the regions read. */
Values linear_free(Back *w, const Inst *in) {
    Values free = free_values(w->arena, in), linear = { 0 };
    for (int i = 0; i < free.n; i++)
        if (is_linear(w, free.at[i])) PUSH(w->arena, &linear, free.at[i]);
    return linear;
}
/* While a region is walked they collect what it adds; what they have had so far is put aside. */
Value **put_aside(Back *w, const Values *free) {
    Value **aside = values_new(w->arena, free->n);
    for (int i = 0; i < free->n; i++) {
        aside[i] = w->ct[free->at[i]->id];
        w->ct[free->at[i]->id] = NULL;
    }
    return aside;
}
void put_back(Back *w, const Values *free, Value **aside) {
    for (int i = 0; i < free->n; i++) w->ct[free->at[i]->id] = aside[i];
}

static void walk_cond(Back *w, const Inst *in) {
    Values free = linear_free(w, in), args = { 0 }, cts = { 0 };
    Value **aside = put_aside(w, &free);
    push_known(w, &args, in->args, in->nargs);
    int nknown = args.n - 1;
    for (int i = 0; i < in->nresults; i++)
        if (w->ct[in->results[i]->id]) PUSH(w->arena, &cts, in->results[i]);
    for (int i = 0; i < cts.n; i++) PUSH(w->arena, &args, w->ct[cts.at[i]->id]);
    Block **sides = NEW_ARRAY(w->arena, Block *, in->nregions);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        Block *side = sides[r] = block_new(w->b.func, NULL);
        for (int i = 0; i < old->nparams; i++)
            if (!is_linear(w, in->args[i + 1]))
                w->known.at[old->params[i]->id] = block_param(side, old->params[i]->type);
        for (int i = 0; i < cts.n; i++) block_param(side, cts.at[i]->type);
        builder_enter(&w->b, side);
        for (int i = 0; i < old->nresults; i++) w->ct[old->results[i]->id] = NULL;
        for (int i = 0; i < cts.n; i++) add_ct(w, old->results[cts.at[i]->index], side->params[nknown + i]);
        transpose_block(w, old);
        Values results = { 0 };
        for (int i = 0; i < old->nparams; i++)
            if (is_linear(w, in->args[i + 1])) PUSH(w->arena, &results, ct_or_zeros(w, old->params[i]));
        for (int i = 0; i < free.n; i++) {
            PUSH(w->arena, &results, ct_or_zeros(w, free.at[i]));
            w->ct[free.at[i]->id] = NULL;
        }
        block_return(&w->b, results.at, results.n);
        builder_leave(&w->b);
    }
    put_back(w, &free, aside);
    const Inst *cond = emit_region(&w->b, OP_cond, args.at, args.n, in->attrs, sides, in->nregions);
    Value *const *from = cond->results;
    for (int i = 1; i < in->nargs; i++)
        if (is_linear(w, in->args[i])) add_ct(w, in->args[i], *from++);
    for (int i = 0; i < free.n; i++) add_ct(w, free.at[i], *from++);
}

/* [cotangents of carries, of what is read from around], [known slices, cotangents of what was stacked] */
static void walk_for(Back *w, const Inst *in) {
    const Block *old = in->regions[0];
    int carries = (int)in->attrs->carries, nstacked = in->nresults - carries;
    Value *const *carried = old->params + 1, *const *slices = carried + carries, *const *xs = in->args + carries;
    Value *const *stacked = in->results + carries;
    int nxs = in->nargs - carries;
    Values free = linear_free(w, in), args = { 0 };
    for (int i = 0; i < carries; i++) PUSH(w->arena, &args, ct_or_zeros(w, in->results[i]));
    for (int i = 0; i < free.n; i++) PUSH(w->arena, &args, ir_fill(&w->b, free.at[i]->type, 0));
    int ncarries = args.n;
    push_known(w, &args, xs, nxs);
    int nknown = args.n - ncarries;
    for (int i = 0; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) PUSH(w->arena, &args, w->ct[stacked[i]->id]);
    Value **aside = put_aside(w, &free);

    Block *body = block_new(w->b.func, NULL);
    w->known.at[old->params[0]->id] = block_param(body, old->params[0]->type);
    for (int i = 0; i < ncarries; i++) block_param(body, args.at[i]->type);
    for (int i = 0; i < nxs; i++)
        if (!is_linear(w, xs[i])) w->known.at[slices[i]->id] = block_param(body, slices[i]->type);
    for (int i = 0; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) block_param(body, old->results[carries + i]->type);
    builder_enter(&w->b, body);
    for (int i = 0; i < old->nresults; i++) w->ct[old->results[i]->id] = NULL;
    for (int i = 0; i < carries; i++) add_ct(w, old->results[i], body->params[1 + i]);
    for (int i = 0, from = 1 + ncarries + nknown; i < nstacked; i++)
        if (w->ct[stacked[i]->id]) add_ct(w, old->results[carries + i], body->params[from++]);
    transpose_block(w, old);
    Values results = { 0 };
    for (int i = 0; i < carries; i++) PUSH(w->arena, &results, ct_or_zeros(w, carried[i]));
    for (int i = 0; i < free.n; i++) {
        Value *so_far = body->params[1 + carries + i], *more = w->ct[free.at[i]->id];
        PUSH(w->arena, &results, more ? ir_add(&w->b, so_far, more) : so_far);
    }
    for (int i = 0; i < nxs; i++)
        if (is_linear(w, xs[i])) PUSH(w->arena, &results, ct_or_zeros(w, slices[i]));
    block_return(&w->b, results.at, results.n);
    builder_leave(&w->b);
    put_back(w, &free, aside);

    const Attrs *attrs = attrs_loop(w->arena, in->attrs->trip, ncarries, !in->attrs->reversed);
    const Inst *loop = emit_region(&w->b, OP_for, args.at, args.n, attrs, &body, 1);
    Value *const *from = loop->results;
    for (int i = 0; i < carries; i++) add_ct(w, in->args[i], *from++);
    for (int i = 0; i < free.n; i++) add_ct(w, free.at[i], *from++);
    for (int i = 0; i < nxs; i++)
        if (is_linear(w, xs[i])) add_ct(w, xs[i], *from++);
}

static void walk_inst(Back *w, const Inst *in) {
    w->b.origin = origin_made(w->b.cx->arena, in->origin, "transpose");
    switch (in->op) {
    case OP_call:
    case OP_custom_jvp_call: /* of what moves: a rule may call such a function with its tangents */
    case OP_pmap: walk_call(w, in); break;
    case OP_linear_call: walk_linear_call(w, in); break;
    case OP_custom_vjp_call: walk_custom_vjp(w, in); break;
    case OP_cond: walk_cond(w, in); break;
    case OP_for:
        if (is_replayed(in))
            transpose_replayed(w, in);
        else
            walk_for(w, in);
        break;
    default: walk_plain(w, in);
    }
}

void transpose_block(Back *w, const Block *block) {
    struct {
        const Inst **at;
        int n, cap;
    } linear = { 0 };
    for (const Inst *in = block->first; in; in = in->next) {
        if (involves(w, in)) {
            PUSH(w->arena, &linear, in);
            continue;
        }
        w->b.origin = in->origin;
        copy_inst(&w->b, in, &w->known, &w->no_sizes, false);
    }
    for (int i = linear.n - 1; i >= 0; i--)
        if (has_ct(w, linear.at[i])) walk_inst(w, linear.at[i]);
}

/* Is the function linear in the marked parameters, instruction by instruction? */

static bool block_is_linear(const Marks *, const Block *);

static bool func_is_linear(Module *m, const Func *f, const bool *linear) {
    static char yes, no;
    MemoKey key = { .kind = MEMO_LINEAR, .func = f, .mask = linear, .nmask = f->body->nparams };
    const void *known = memo_get(m, &key);
    if (known) return known == &yes;
    memo_set(m, &key, &yes); /* where it calls itself, what is asked may be taken for granted */
    Marks marks = marks_new(m, f, spread, NULL);
    for (int i = 0; i < f->body->nparams; i++)
        if (linear[i]) mark(&marks, f->body->params[i]);
    marks_block(&marks, f->body);
    bool is = block_is_linear(&marks, f->body);
    memo_set(m, &key, is ? &yes : &no);
    return is;
}

static bool inst_is_linear(const Marks *m, const Inst *in) {
    int n = 0, first = -1, last = -1;
    bool *linear = bools_new(m->arena, in->nargs);
    for (int i = 0; i < in->nargs; i++) {
        linear[i] = m->at[in->args[i]->id];
        if (!linear[i]) continue;
        if (first < 0) first = i;
        last = i;
        n++;
    }
    switch (in->op) {
    case OP_call:
    case OP_custom_jvp_call:
    case OP_custom_vjp_call:
    case OP_pmap: return func_is_linear(m->module, in->attrs->callee, linear);
    case OP_linear_call: return first >= in->attrs->count;
    case OP_cond:
    case OP_for:
    case OP_while:
        if (decision_is_marked(m, in)) return false;
        for (int r = 0; r < in->nregions; r++)
            if (!block_is_linear(m, in->regions[r])) return false;
        return true;
    case OP_div: return last == 0;
    case OP_fma: return !(linear[0] && linear[1]);
    case OP_triangular_solve:
    case OP_solve: return first == 1;
    case OP_scatter:
        return !linear[1] && (in->attrs->combine <= COMBINE_ADD || (in->attrs->combine == COMBINE_MUL && last == 0));
    case OP_dynamic_update_slice: return last <= 1;
    default: break;
    }
    switch (op_linear(in->op)) {
    case LINEAR_ALL: return true;
    case LINEAR_EACH: return n == 1;
    case LINEAR_FIRST: return last == 0;
    case LINEAR_REST: return first >= 1;
    default: return false;
    }
}

static bool block_is_linear(const Marks *m, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next)
        if ((any_marked(m, in->args, in->nargs) || reads_marked(m, in)) && !inst_is_linear(m, in)) return false;
    return true;
}

/* A while, or a loop that carries known values beside linear ones, must be split before it is transposed. */
static bool must_split(const Marks *m, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        bool linear = any_marked(m, in->args, in->nargs) || reads_marked(m, in);
        if (!linear) continue;
        if (in->op == OP_while) return true;
        if (in->op == OP_for && !is_replayed(in))
            for (int i = 0; i < in->attrs->carries; i++)
                if (!m->at[in->results[i]->id]) return true;
        for (int r = 0; r < in->nregions; r++)
            if (must_split(m, in->regions[r])) return true;
    }
    return false;
}

static void not_linear(Builder *b, const Func *f, const bool *linear) {
    Values results = { 0 };
    refuse(b,
           arena_text(b->arena, "%s is not linear in its cotangents, so it cannot be used in forward mode", f->title));
    for (int i = 0; i < f->body->nparams; i++)
        if (linear[i]) PUSH(b->arena, &results, ir_fill(b, f->body->params[i]->type, 0));
    block_return(b, results.at, results.n);
}

/* Known and linear are first taken apart. */
static void transpose_split(Builder *b, Module *m, const Func *f, const bool *linear, const bool *has_cts) {
    const Block *body = f->body, *mine = b->func->body;
    bool *known = bools_new(m->arena, body->nparams);
    int nknown = 0;
    for (int i = 0; i < body->nparams; i++) nknown += known[i] = !linear[i];
    const Split *split = split_func(m, f, known, 0, true, NULL);
    bool *waits = bools_new(m->arena, split->linear->body->nparams);
    for (int i = split->nresiduals; i < split->linear->body->nparams; i++) waits[i] = true;
    const Made *rest = transpose_of(m, split->linear, waits, has_cts, true);
    const Inst *forward = call_with_sizes(b, split->forward, mine->params, nknown, sizes_of(m, f),
                                          func_bound_sizes(m->arena, split->forward));
    Values args = { 0 };
    for (int i = 0; i < forward->nresults; i++) PUSH(m->arena, &args, forward->results[i]);
    for (int i = nknown; i < mine->nparams; i++) PUSH(m->arena, &args, mine->params[i]);
    const Inst *back = call_with_sizes(b, rest->func, args.at, args.n, sizes_of(m, split->linear), (Sizes){ 0 });
    block_return(b, back->results, back->nresults);
}

static void transpose_make(Made *made, Module *m, const Func *f, const bool *linear, const bool *has_cts, bool all) {
    const Block *body = f->body;
    Back w = { .m = m,
               .arena = m->arena,
               .b = builder_new(made->func),
               .known = value_map_new(m->arena, f),
               .ct = values_new(m->arena, f->nvalues) };
    w.linear = marks_new(m, f, spread, NULL);
    for (int i = 0; i < body->nparams; i++)
        if (linear[i]) mark(&w.linear, body->params[i]);
    marks_block(&w.linear, body);
    for (int i = 0; i < body->nparams; i++)
        if (!linear[i]) w.known.at[body->params[i]->id] = block_param(made->func->body, body->params[i]->type);
    for (int i = 0; i < body->nresults; i++)
        if (has_cts[i]) add_ct(&w, body->results[i], block_param(made->func->body, body->results[i]->type));
    for (int i = 0; i < count_true(linear, body->nparams); i++) made->given[i] = true;
    if (!func_is_linear(m, f, linear))
        not_linear(&w.b, f, linear);
    else if (must_split(&w.linear, body))
        transpose_split(&w.b, m, f, linear, has_cts);
    else {
        Values results = { 0 };
        transpose_block(&w, body);
        for (int i = 0, k = 0; i < body->nparams; i++) {
            if (!linear[i]) continue;
            made->given[k] = all || made->promised || w.ct[body->params[i]->id];
            if (made->given[k++]) PUSH(m->arena, &results, ct_or_zeros(&w, body->params[i]));
        }
        block_return(&w.b, results.at, results.n);
    }
    clean_made(m, made->func);
    made->whole = true;
}

/* A function that is met while its transpose is made calls itself: it is taken to give the cotangents of all. */
static void promise(Made *made, const Func *f, const bool *linear) {
    if (made->promised) return;
    made->promised = true;
    for (int i = 0; i < f->body->nparams; i++)
        if (linear[i]) promise_result(made->func, f->body->params[i]->type);
}

static const Made *transpose_of(Module *m, const Func *f, const bool *linear, const bool *has_cts, bool all) {
    int n = f->body->nparams, nresults = f->body->nresults;
    bool *mask = bools_new(m->arena, n + nresults);
    for (int i = 0; i < n; i++) mask[i] = linear[i];
    for (int i = 0; i < nresults; i++) mask[n + i] = has_cts[i];
    MemoKey key = { .kind = MEMO_TRANSPOSE, .func = f, .mask = mask, .nmask = n + nresults, .number = all };
    Made *made = memo_get(m, &key);
    if (made && !made->whole) promise(made, f, linear);
    if (made) return made;
    made = NEW(m->arena, Made);
    made->given = bools_new(m->arena, n);
    made->func = func_like(m, f, "transpose");
    memo_set(m, &key, made);
    transpose_make(made, m, f, linear, has_cts, all);
    return made;
}

Func *transform_transpose_some(Module *m, const Func *linear, int nresiduals, const bool *has_cotangent) {
    bool *mask = bools_new(m->arena, linear->body->nparams);
    for (int i = nresiduals; i < linear->body->nparams; i++) mask[i] = true;
    return transpose_of(m, linear, mask, has_cotangent, true)->func;
}

Func *transform_transpose(Module *m, const Func *linear, int nresiduals) {
    bool *all = bools_new(m->arena, linear->body->nresults);
    for (int i = 0; i < linear->body->nresults; i++) all[i] = true;
    return transform_transpose_some(m, linear, nresiduals, all);
}
