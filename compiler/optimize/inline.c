/* inline: calls become the bodies of small functions, of those called once, and of those whose results have sizes bound
** inside; recursive functions stay.  What only derivatives look at has done its work: custom rules, stop_gradient and
** checkpoint_name. */
#include "optimize/optimize.h"

enum { SMALL = 40 }; /* instructions, with what is inlined into it */

typedef struct {
    int calls, size;
    bool recursive, looking;
} Facts;

typedef struct {
    Arena *arena;
    Map facts; /* by function */
} Inliner;

bool inst_is_call(const Inst *in) {
    return in->op == OP_call || in->op == OP_custom_jvp_call || in->op == OP_custom_vjp_call ||
           in->op == OP_linear_call;
}
static Facts *facts_of(const Inliner *il, const Func *f) { return map_get(&il->facts, f); }
static bool goes_inline(const Inliner *il, const Func *f) {
    const Facts *facts = facts_of(il, f);
    return !facts->recursive && (facts->calls == 1 || facts->size <= SMALL || func_binds_results(f));
}

static bool reaches(const Inliner *il, const Block *b, const Func *target, Map *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++)
            if (reaches(il, in->regions[i], target, seen)) return true;
        const Func *callee = inst_is_call(in) ? in->attrs->callee : NULL;
        if (!callee || map_get(seen, callee)) continue;
        if (callee == target) return true;
        map_set(seen, callee, seen);
        if (reaches(il, callee->body, target, seen)) return true;
    }
    return false;
}

static void count_calls(Inliner *il, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++) count_calls(il, in->regions[i]);
        if (inst_is_call(in)) facts_of(il, in->attrs->callee)->calls++;
    }
}

static int size_of_func(Inliner *, const Func *);
static int size_of_block(Inliner *il, const Block *b) {
    int size = 0;
    for (const Inst *in = b->first; in; in = in->next) {
        size++;
        for (int i = 0; i < in->nregions; i++) size += size_of_block(il, in->regions[i]);
        if (!inst_is_call(in)) continue;
        int callee = size_of_func(il, in->attrs->callee);
        if (goes_inline(il, in->attrs->callee)) size += callee;
    }
    return size;
}
static int size_of_func(Inliner *il, const Func *f) {
    Facts *facts = facts_of(il, f);
    if (facts->looking || facts->size) return facts->size;
    facts->looking = true;
    int size = size_of_block(il, f->body);
    facts->size = size + 1;
    facts->looking = false;
    return facts->size;
}

static void inline_call(Walk *w, const Inst *call) {
    const Func *f = call->attrs->callee;
    Builder *b = &w->b;
    if (w->fresh) binds_anew(b->cx, call, &w->dims);
    Attrs attrs = attrs_subst(b->cx, call->attrs, &w->dims);
    Walk inner = { .b = *b, .map = value_map_new(b->arena, f), .fresh = true, .inst = w->inst, .context = w->context };
    inner.outer = b->origin;
    for (int i = 0; i < f->sizes.n; i++) dim_map_add(b->cx, &inner.dims, f->sizes.at[i], attrs.sizes.at[i]);
    Sizes bound = func_bound_sizes(b->arena, f);
    for (int i = 0; i < bound.n; i++) dim_map_add(b->cx, &inner.dims, bound.at[i], dim_var(b->cx, attrs.binds.at[i]));
    for (int i = 0; i < call->nargs; i++) inner.map.at[f->body->params[i]->id] = walk_value(w, call->args[i]);
    walk_block(&inner, f->body);
    for (int i = 0; i < call->nresults; i++) w->map.at[call->results[i]->id] = walk_value(&inner, f->body->results[i]);
    *b = inner.b;
}

static void inst(Walk *w, const Inst *in) {
    if (in->op == OP_stop_gradient || in->op == OP_checkpoint_name) {
        w->map.at[in->results[0]->id] = walk_value(w, in->args[0]);
    } else if (!inst_is_call(in)) {
        walk_copy(w, in);
    } else if (goes_inline(w->context, in->attrs->callee)) {
        inline_call(w, in);
    } else {
        Inst plain = *in;
        plain.op = OP_call;
        walk_copy(w, &plain);
    }
}

Module *pass_inline(const Module *m) {
    Inliner il = { .arena = arena_new() };
    il.facts = map_new(il.arena);
    for (const Func *f = m->first; f; f = f->next) map_set(&il.facts, f, NEW(il.arena, Facts));
    for (const Func *f = m->first; f; f = f->next) {
        Map seen = map_new(il.arena);
        facts_of(&il, f)->recursive = reaches(&il, f->body, f, &seen);
        count_calls(&il, f->body);
    }
    for (const Func *f = m->first; f; f = f->next) size_of_func(&il, f);
    Module *after = walk_module(m, inst, &il);
    Module *reached = module_copy(after);
    module_free(after);
    arena_free(il.arena);
    return reached;
}
