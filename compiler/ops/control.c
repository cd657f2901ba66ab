/* control: calls, branches and loops.  What their blocks take and give is said here; running them is the evaluator's. */
#include "ops/rules.h"

static const char *mismatch(Compiler *cx, const Inst *in, const char *what, int i, const Type *have, const Type *want) {
    return arena_text(cx->arena, "%s: %s %d is %s, not %s", op_name(in->op), what, i, type_text(cx, have),
                      type_text(cx, want));
}

static const char *shape_bind_size(Compiler *cx, const Inst *in, const Type **results) {
    (void)results;
    if (in->attrs->binds.n != 1) return "bind_size binds one size";
    return in->args[0]->type == type_scalar(cx, DT_i64) ? NULL : "a size is an i64";
}
static bool eval_bind_size(Eval *ev, const Inst *in, const Tensor *args, Tensor *results) {
    (void)results;
    int64_t size = tensor_int(&args[0], 0);
    if (size < 0) return eval_fail(ev, "a size of %lld", (long long)size);
    ev->sizes[in->attrs->binds.at[0]->id] = size;
    return true;
}
const Rules rules_bind_size = { .shape = shape_bind_size, .eval = eval_bind_size };

/* The callee's sizes are replaced by what they stand for here; those it binds itself by the call's `binds`.  With shards, the
** results and those arguments that are mapped are stacks of the callee's. */
static const char *shape_callee(Compiler *cx, const Inst *in, const Dim *shards, const Type **results) {
    const Func *f = in->attrs->callee;
    if (!f) return "no function is called";
    const Block *body = f->body;
    if (in->attrs->sizes.n != f->sizes.n)
        return arena_text(cx->arena, "@%s has %d sizes, not %d", f->name, f->sizes.n, in->attrs->sizes.n);
    if (in->nargs != body->nparams)
        return arena_text(cx->arena, "@%s takes %d arguments, not %d", f->name, body->nparams, in->nargs);
    DimMap map = { 0 };
    for (int i = 0; i < f->sizes.n; i++) dim_map_add(cx, &map, f->sizes.at[i], in->attrs->sizes.at[i]);
    for (int i = 0; i < in->nargs; i++) {
        const Type *want = type_subst(cx, body->params[i]->type, &map);
        if (shards && in->attrs->mapped.at[i]) want = type_with_lead(cx, want, shards);
        if (in->args[i]->type != want) return mismatch(cx, in, "argument", i, in->args[i]->type, want);
    }
    Sizes bound = func_bound_sizes(cx->arena, f);
    if (bound.n && in->attrs->binds.n != bound.n)
        return arena_text(cx->arena, "@%s binds %d sizes in its results, not %d", f->name, bound.n, in->attrs->binds.n);
    for (int i = 0; i < bound.n; i++) dim_map_add(cx, &map, bound.at[i], dim_var(cx, in->attrs->binds.at[i]));
    for (int i = 0; i < body->nresults; i++) {
        results[i] = type_subst(cx, body->results[i]->type, &map);
        if (shards) results[i] = type_with_lead(cx, results[i], shards);
    }
    return NULL;
}
static const char *shape_call(Compiler *cx, const Inst *in, const Type **results) {
    return shape_callee(cx, in, NULL, results);
}
static const char *shape_pmap(Compiler *cx, const Inst *in, const Type **results) {
    if (!in->attrs->callee || !in->attrs->dim || !in->attrs->name) return "pmap: not a function over a named axis";
    if (in->attrs->mapped.n != in->nargs) return "pmap: `mapped` has an entry for each argument";
    if (func_binds_results(in->attrs->callee)) return "pmap: a size of the results is bound by each shard";
    return shape_callee(cx, in, in->attrs->dim, results);
}
const Rules rules_call = { .shape = shape_call };
const Rules rules_pmap = { .shape = shape_pmap };
const Rules rules_custom_jvp_call = { .shape = shape_call };
const Rules rules_custom_vjp_call = { .shape = shape_call };
const Rules rules_linear_call = { .shape = shape_call };

static const char *check_params(Compiler *cx, const Inst *in, const Block *b, int first_arg) {
    if (b->nparams != in->nargs - first_arg)
        return arena_text(cx->arena, "%s: a block takes %d values and is given %d", op_name(in->op), b->nparams,
                          in->nargs - first_arg);
    for (int i = 0; i < b->nparams; i++)
        if (b->params[i]->type != in->args[first_arg + i]->type)
            return mismatch(cx, in, "parameter", i, b->params[i]->type, in->args[first_arg + i]->type);
    return NULL;
}

static const char *shape_cond(Compiler *cx, const Inst *in, const Type **results) {
    if (in->nargs < 1 || in->nregions < 1) return "cond without predicate or blocks";
    const Type *p = in->args[0]->type;
    if ((p->dtype != DT_bool && p->dtype != DT_i32) || p->rank || (p->dtype == DT_bool && in->nregions != 2))
        return arena_text(cx->arena, "cond by %s between %d blocks", type_text(cx, p), in->nregions);
    for (int k = 0; k < in->nregions; k++) {
        const Block *b = in->regions[k];
        const char *wrong = check_params(cx, in, b, 1);
        if (wrong) return wrong;
        if (b->nresults != in->regions[0]->nresults) return "cond: one block gives more values than another";
        for (int i = 0; i < b->nresults; i++) {
            const Type *t = b->results[i]->type;
            if (k == 0) results[i] = t;
            if (t != results[i]) return mismatch(cx, in, "result", i, t, results[i]);
        }
    }
    return NULL;
}
const Rules rules_cond = { .shape = shape_cond };

static const char *loop_results(Compiler *cx, const Inst *in, const Block *b, const Dim *trip, const Type **results) {
    int carries = (int)in->attrs->carries;
    if (b->nresults < carries) return arena_text(cx->arena, "%s: the block gives too few values", op_name(in->op));
    for (int i = 0; i < b->nresults; i++) {
        const Type *t = b->results[i]->type;
        if (i < carries && t != in->args[i]->type) return mismatch(cx, in, "carried value", i, t, in->args[i]->type);
        if (i >= carries && t->rank == MAX_RANK) return "a stacked result has too many axes";
        results[i] = i < carries ? t : type_with_lead(cx, t, trip);
    }
    return NULL;
}

static const char *shape_for(Compiler *cx, const Inst *in, const Type **results) {
    int carries = (int)in->attrs->carries;
    if (in->nregions != 1 || !in->attrs->trip || carries < 0 || carries > in->nargs) return "for: not a loop";
    const Block *b = in->regions[0];
    if (b->nparams != 1 + in->nargs || b->params[0]->type != type_scalar(cx, DT_i64))
        return "for: the block takes the index, the carried values and a slice of each other argument";
    for (int i = 0; i < in->nargs; i++) {
        const Type *t = in->args[i]->type, *want = t;
        if (i >= carries && (!t->rank || t->dim[0] != in->attrs->trip))
            return arena_text(cx->arena, "for: %s has not %s slices", type_text(cx, t), dim_text(cx, in->attrs->trip));
        if (i >= carries) want = type_without_lead(cx, t);
        if (b->params[1 + i]->type != want) return mismatch(cx, in, "parameter", 1 + i, b->params[1 + i]->type, want);
    }
    return loop_results(cx, in, b, in->attrs->trip, results);
}
const Rules rules_for = { .shape = shape_for };

static const char *shape_while(Compiler *cx, const Inst *in, const Type **results) {
    if (in->nregions != 2 || in->attrs->carries != in->nargs) return "while: not a loop";
    const Block *test = in->regions[0], *body = in->regions[1];
    const char *wrong = check_params(cx, in, test, 0);
    if (!wrong) wrong = check_params(cx, in, body, 0);
    if (wrong) return wrong;
    const Type *p = test->nresults == 1 ? test->results[0]->type : NULL;
    if (!p || p->dtype != DT_bool || p->rank) return "while: the first block gives one bool";
    bool stacks = body->nresults > in->nargs;
    if (in->attrs->binds.n != (stacks ? 1 : 0)) return "while: binds its trip count if results are stacked";
    return loop_results(cx, in, body, stacks ? dim_var(cx, in->attrs->binds.at[0]) : NULL, results);
}
const Rules rules_while = { .shape = shape_while };

static const char *shape_kernel(Compiler *cx, const Inst *in, const Type **results) {
    if (in->nregions != 1) return "kernel: one block";
    for (int i = 0; i < in->regions[0]->nresults; i++) results[i] = in->regions[0]->results[i]->type;
    return check_params(cx, in, in->regions[0], 0);
}
const Rules rules_kernel = { .shape = shape_kernel };
