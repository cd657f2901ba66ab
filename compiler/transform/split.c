/* split: a function cut in two, its forward part and its linear part, once for each set of known parameters.
**
** A function that calls itself is cut while it is being cut: what stands for it there keeps nothing and runs the forward part
** again. */
#include "transform/split.h"

static void spread(Marks *m, const Inst *in) {
    if (!any_marked(m, in->args, in->nargs)) return;
    const bool *out = is_call(in) ? marked_by_call(m, MEMO_UNKNOWN, in) : NULL;
    for (int i = 0; i < in->nresults; i++)
        if (!out || out[i]) mark(m, in->results[i]);
}

/* A size that the linear part speaks of must be seen in what it is handed, or its caller could not say it. */
static void keep_sizes(Cut *c, Scope *s, const Values *results) {
    for (const Inst *in = s->fwd->first; in; in = in->next) {
        if (map_get(&s->again, in)) continue; /* bound there, too */
        for (int k = 0; k < in->attrs->binds.n; k++) {
            const SizeVar *size = in->attrs->binds.at[k];
            bool seen = false;
            for (int i = 0; i < results->n; i++)
                for (int a = 0; a < results->at[i]->type->rank; a++)
                    seen |= dim_mentions(results->at[i]->type->dim[a], size);
            if (seen) continue;
            const Dim *dim = dim_var(c->m->cx, size);
            Value *mark_of_size = ir_fill_int(&c->b, type_of(c->m->cx, DT_bool, 1, &dim), 0);
            PUSH(c->arena, &s->kept, mark_of_size);
            PUSH(c->arena, &s->handed, mark_of_size);
            map_set(&s->held, mark_of_size, (void *)&held_kept);
        }
    }
}

/* A split while it is made, and what stands for it where the function calls itself. */
typedef struct {
    Split made;
    Split early;
    bool whole, promised;
} Cutting;

/* The residuals that are parameters or known results of the forward function already are not results of it again. */
static void hand_over(Cut *c, Split *split, const Func *f, const bool *known, bool all_extra, Values *results) {
    const Scope *scope = c->scope;
    int nknown = results->n;
    int *param_of = NEW_ARRAY(c->arena, int, f->body->nparams + 1);
    for (int i = 0, k = 0; i < f->body->nparams; i++)
        if (known[i]) param_of[k++] = i;
    split->nresiduals = scope->handed.n;
    split->from_param = NEW_ARRAY(c->arena, int, scope->handed.n + 1);
    split->from_result = NEW_ARRAY(c->arena, int, scope->handed.n + 1);
    for (int i = 0; i < scope->handed.n; i++) {
        Value *w = scope->handed.at[i];
        split->from_param[i] = split->from_result[i] = -1;
        if (!all_extra && !w->def && w->block == scope->fwd) split->from_param[i] = param_of[w->index];
        for (int k = 0; k < nknown && !all_extra; k++)
            if (results->at[k] == w) split->from_result[i] = k;
        if (split->from_param[i] < 0 && split->from_result[i] < 0) PUSH(c->arena, results, w);
    }
}

static void cut_forward(Cut *c, Split *split, const Func *f, const bool *known, bool all_extra) {
    const Block *body = f->body;
    split->forward = func_like(c->m, f, "forward");
    c->b = builder_new(split->forward);
    for (int i = 0; i < body->nparams; i++)
        if (known[i]) c->known.at[body->params[i]->id] = block_param(split->forward->body, body->params[i]->type);
    c->scope = scope_new(c, NULL, split->forward->body);
    forward_block(c, body);
    for (int i = 0; i < body->nresults; i++)
        if (split->unknown_out[i] && !is_unknown(c, body->results[i])) need(c, forward_of(c, body->results[i]));
    settle(c, c->scope);
    Values results = { 0 }, seen = { 0 };
    for (int i = 0; i < body->nresults; i++)
        if (!split->unknown_out[i]) PUSH(c->arena, &results, forward_of(c, body->results[i]));
    for (int i = 0; i < results.n; i++) PUSH(c->arena, &seen, results.at[i]);
    for (int i = 0; i < c->scope->handed.n; i++) PUSH(c->arena, &seen, c->scope->handed.at[i]);
    keep_sizes(c, c->scope, &seen);
    hand_over(c, split, f, known, all_extra, &results);
    block_return(&c->b, results.at, results.n);
}

static void cut_linear(Cut *c, Split *split, const Func *f, const bool *known) {
    const Block *body = f->body;
    const Scope *scope = c->scope;
    Func *linear = split->linear = func_like(c->m, f, "linear");
    Sizes bound = func_bound_sizes(c->arena, split->forward);
    const SizeVar **sizes = NEW_ARRAY(c->arena, const SizeVar *, f->sizes.n + bound.n + 1);
    for (int i = 0; i < f->sizes.n; i++) sizes[i] = f->sizes.at[i];
    for (int i = 0; i < bound.n; i++) sizes[f->sizes.n + i] = bound.at[i];
    linear->sizes = (Sizes){ f->sizes.n + bound.n, sizes };
    c->l = builder_new(linear);
    c->held = value_map_new(c->arena, split->forward);
    for (int i = 0; i < scope->handed.n; i++) block_param(linear->body, scope->handed.at[i]->type);
    for (int i = 0; i < body->nparams; i++)
        if (!known[i]) c->waiting.at[body->params[i]->id] = block_param(linear->body, body->params[i]->type);
    Values handed = { 0 }; /* what is to be computed again is not to be found, later, to have been computed already */
    for (int i = 0; i < scope->handed.n; i++)
        PUSH(c->arena, &handed,
             c->remat ? ir_optimization_barrier(&c->l, linear->body->params[i]) : linear->body->params[i]);
    linear_scope(c, scope, handed.at);
    linear_block(c, body);
    Values waiting = { 0 };
    for (int i = 0; i < body->nresults; i++)
        if (split->unknown_out[i]) PUSH(c->arena, &waiting, linear_of(c, body->results[i]));
    block_return(&c->l, waiting.at, waiting.n);
}

/* Where a function calls itself nothing is kept of the inner call but its arguments, since what is kept would be nested as
** deep as the calls are.  Its linear part runs the forward part again. */
static void promise(Cutting *cut, Module *m, const Func *f, const bool *known) {
    Split *early = &cut->early;
    if (cut->promised) return;
    cut->promised = true;
    early->unknown_out = cut->made.unknown_out;
    early->forward = func_like(m, f, "values");
    early->linear = func_like(m, f, "again");
    early->from_param = NEW_ARRAY(m->arena, int, f->body->nparams + 1);
    early->from_result = NEW_ARRAY(m->arena, int, f->body->nparams + 1);
    for (int pass = 0; pass < 2; pass++) /* [known, unknown] */
        for (int i = 0; i < f->body->nparams; i++) {
            if (known[i] == pass) continue;
            block_param(early->linear->body, f->body->params[i]->type);
            if (!known[i]) continue;
            block_param(early->forward->body, f->body->params[i]->type);
            early->from_result[early->nresiduals] = -1;
            early->from_param[early->nresiduals++] = i;
        }
    for (int i = 0; i < f->body->nresults; i++)
        promise_result(early->unknown_out[i] ? early->linear : early->forward, f->body->results[i]->type);
}

static void keep_promise(const Cutting *cut, Module *m, const Func *f) {
    const Split *early = &cut->early, *made = &cut->made;
    int nknown = early->nresiduals;
    Dims sizes = sizes_of(m, f), behind;
    Builder b = builder_new(early->forward);
    const Inst *call = transform_call(&b, made->forward, b.block->params, nknown, sizes, NULL);
    block_return(&b, call->results, early->forward->body->nresults);
    b = builder_new(early->linear);
    Values args = { 0 };
    call = transform_call(&b, silent_func(m, made->forward), b.block->params, nknown, sizes, &behind);
    Value *const *extra = call->results + early->forward->body->nresults;
    for (int i = 0, k; i < made->nresiduals; i++) {
        for (k = 0; k < nknown && early->from_param[k] != made->from_param[i];) k++;
        PUSH(m->arena, &args,
             k < nknown                  ? b.block->params[k]
             : made->from_result[i] >= 0 ? call->results[made->from_result[i]]
                                         : *extra++);
    }
    for (int i = nknown; i < b.block->nparams; i++) PUSH(m->arena, &args, b.block->params[i]);
    if (inst_effect(b.block->first) == EFFECT_ORDERED)
        diag(m->cx, f->origin ? f->origin->span : (Span){ 0 },
             "reverse mode would have to repeat %s, which calls itself and in which something happens once", f->title);
    call = transform_call(&b, made->linear, args.at, args.n, behind, NULL);
    block_return(&b, call->results, call->nresults);
}

static void cut_func(Cutting *cut, Module *m, const Func *f, const bool *known, bool all_extra, const char *remat) {
    const Block *body = f->body;
    Cut c = { .m = m, .arena = m->arena, .known = value_map_new(m->arena, f), .waiting = value_map_new(m->arena, f) };
    c.parts = map_new(m->arena);
    c.remat = remat;
    c.uses = use_counts(m->arena, f);
    c.bound = func_bound_sizes(m->arena, f);
    c.unknown = marks_new(m, f, spread, NULL);
    for (int i = 0; i < body->nparams; i++)
        if (!known[i]) mark(&c.unknown, body->params[i]);
    marks_block(&c.unknown, body);
    cut_forward(&c, &cut->made, f, known, all_extra);
    cut_linear(&c, &cut->made, f, known);
    clean_made(m, cut->made.forward);
    clean_made(m, cut->made.linear);
    if (cut->promised) keep_promise(cut, m, f);
    cut->whole = true;
}

const Split *split_func(Module *m, const Func *f, const bool *known, int waits, bool all_extra, const char *remat) {
    f = with_short_calls_bared(m, as_loops(m, f));
    int nresults = f->body->nresults;
    MemoKey key = { .kind = MEMO_SPLIT,
                    .func = f,
                    .mask = known,
                    .nmask = f->body->nparams,
                    .number = 2 * waits + all_extra,
                    .name = remat };
    Cutting *cut = memo_get(m, &key);
    if (cut && cut->whole) return &cut->made;
    if (cut) {
        promise(cut, m, f, known);
        return &cut->early;
    }
    cut = NEW(m->arena, Cutting);
    memo_set(m, &key, cut);
    bool *unknown = bools_new(m->arena, f->body->nparams);
    for (int i = 0; i < f->body->nparams; i++) unknown[i] = !known[i];
    const bool *out = marked_results(m, MEMO_UNKNOWN, f, unknown, spread, NULL);
    cut->made.unknown_out = bools_new(m->arena, nresults);
    for (int i = 0; i < nresults; i++) cut->made.unknown_out[i] = i >= waits || out[i];
    cut_func(cut, m, f, known, all_extra, remat);
    return &cut->made;
}

/* The shards of a pmap may differ in the sizes that they bind: what has such a size cannot be handed over by all of them
** together, and each computes its own again. */
const Split *split_of_callee(Cut *c, const Inst *in, const bool *known) {
    const Func *f = in->attrs->callee;
    const Split *split = split_func(c->m, f, known, in->nresults, false, in->attrs->remat);
    if (in->op != OP_pmap || !func_binds_results(split->forward)) return split;
    Cutting *again = NEW(c->arena, Cutting);
    again->made = *split;
    promise(again, c->m, f, known);
    keep_promise(again, c->m, f);
    clean_made(c->m, again->early.forward);
    return &again->early;
}
