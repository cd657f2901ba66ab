/* inline: a function whose calls hide nothing that lanes could do differently.
**
** A call that binds sizes, or is given sizes bound in its caller, is replaced by the instructions of its callee, so that
** who binds a size and who uses it are seen together: under vmap a size can differ between the lanes.  So is a call that
** writes something on a side or in a loop, where not all lanes may be.
**
** What is cut in two (split.c) has its short calls replaced, so that what is kept is chosen with all in sight. */
#include "transform/walk.h"

typedef enum { HIDES_LANES, HIDES_SHARDS, HIDES_LITTLE } Kind;
typedef struct {
    Module *m;
    Builder b;
    ValueMap value;
    DimMap dims;
    const Func *func; /* the caller */
    Kind kind;        /* of the calls that are looked for */
} Inline;
enum { SHORT = 32 /* instructions */ };

/* Is a size that some instruction of the block binds among those the call is given? */
static bool is_given_bound_size(const Block *b, const Inst *call) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int k = 0; k < in->attrs->binds.n; k++)
            for (int i = 0; i < call->attrs->sizes.n; i++)
                if (dim_mentions(call->attrs->sizes.at[i], in->attrs->binds.at[k])) return true;
        for (int r = 0; r < in->nregions; r++)
            if (is_given_bound_size(in->regions[r], call)) return true;
    }
    return false;
}

static bool hides_something(const Func *f, const Inst *in) {
    if (in->op != OP_call) return false;
    if (calls_itself(f->module, in->attrs->callee)) return false;
    bool in_region = in->block->parent != NULL;
    return in->attrs->binds.n || (in_region && inst_effect(in) == EFFECT_ORDERED) || is_given_bound_size(f->body, in);
}

static bool has_pmap(const Block *b, Map *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (in->op == OP_pmap) return true;
        for (int r = 0; r < in->nregions; r++)
            if (has_pmap(in->regions[r], seen)) return true;
        if (in->op != OP_call || map_get(seen, in->attrs->callee)) continue;
        map_set(seen, in->attrs->callee, seen);
        if (has_pmap(in->attrs->callee->body, seen)) return true;
    }
    return false;
}

static bool hides_shards(const Func *f, const Inst *in) {
    if (in->op == OP_pmap) return true;
    if (in->op != OP_call || calls_itself(f->module, in->attrs->callee)) return false;
    Map seen = map_new(f->module->arena);
    return speaks_of(in, NULL) || has_pmap(in->attrs->callee->body, &seen);
}

/* How many instructions, those of calls in it too; SHORT where they are as many, or something in it is more than arithmetic. */
static int length_of(const Func *f) {
    int n = 0;
    if (calls_itself(f->module, f)) return SHORT;
    for (const Inst *in = f->body->first; in && n < SHORT; in = in->next)
        n += in->nregions || in->attrs->binds.n || in->attrs->remat || in->attrs->rule || in->op == OP_pmap ? SHORT
             : in->op == OP_call ? length_of(in->attrs->callee)
                                 : 1;
    return n < SHORT ? n : SHORT;
}

static bool hides_little(const Inst *in) {
    return in->op == OP_call && !in->attrs->remat && !in->attrs->binds.n && length_of(in->attrs->callee) < SHORT;
}

static bool hides(const Func *f, const Inst *in, Kind kind) {
    switch (kind) {
    case HIDES_SHARDS: return hides_shards(f, in);
    case HIDES_LITTLE: return hides_little(in);
    default: return hides_something(f, in);
    }
}

static bool any_hides(const Func *f, const Block *b, Kind kind) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (hides(f, in, kind)) return true;
        for (int r = 0; r < in->nregions; r++)
            if (any_hides(f, in->regions[r], kind)) return true;
    }
    return false;
}

static const Func *bared(Module *, const Func *, Kind);

/* What a call is replaced by: of a pmap, the vmap of its function. */
static const Func *callee_of(Inline *w, const Inst *call) {
    const Func *f = call->attrs->callee;
    if (call->op == OP_pmap) {
        bool *mapped = bools_new(w->m->arena, call->nargs), *out = bools_new(w->m->arena, call->nresults);
        for (int i = 0; i < call->nargs; i++) mapped[i] = call->attrs->mapped.at[i];
        f = transform_vmap_named(w->m, f, mapped, call->attrs->dim, call->attrs->name, true, out);
    }
    return bared(w->m, f, w->kind);
}

static void inline_block(Inline *, const Block *);

static void inline_call(Inline *w, const Inst *call) {
    const Func *callee = callee_of(w, call);
    Compiler *cx = w->m->cx;
    Inline inner = { .m = w->m, .b = w->b, .value = value_map_new(w->m->arena, callee), .func = callee };
    for (int i = 0; i < callee->sizes.n; i++) { /* the last one of a vmap is how many lanes there are */
        const Dim *d = i < call->attrs->sizes.n ? call->attrs->sizes.at[i] : call->attrs->dim;
        dim_map_add(cx, &inner.dims, callee->sizes.at[i], dim_subst(cx, d, &w->dims));
    }
    for (int i = 0; i < call->nargs; i++) inner.value.at[callee->body->params[i]->id] = w->value.at[call->args[i]->id];
    inner.b.origin = call->origin;
    copy_block_into(&inner.b, callee->body, &inner.value, &inner.dims, true);
    for (int i = 0; i < call->nresults; i++)
        w->value.at[call->results[i]->id] = inner.value.at[callee->body->results[i]->id];
    Sizes bound = func_bound_sizes(w->m->arena, callee);
    for (int i = 0; i < bound.n && call->attrs->binds.n; i++)
        dim_map_add(cx, &w->dims, call->attrs->binds.at[i], dim_subst(cx, dim_var(cx, bound.at[i]), &inner.dims));
}

static void inline_regions(Inline *w, const Inst *in) {
    Compiler *cx = w->m->cx;
    Block **regions = NEW_ARRAY(w->m->arena, Block *, in->nregions);
    Values args = { 0 };
    for (int i = 0; i < in->nargs; i++) PUSH(w->m->arena, &args, w->value.at[in->args[i]->id]);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        regions[r] = block_new(w->b.func, NULL);
        for (int i = 0; i < old->nparams; i++)
            w->value.at[old->params[i]->id] = block_param(regions[r], type_subst(cx, old->params[i]->type, &w->dims));
        builder_enter(&w->b, regions[r]);
        inline_block(w, old);
        Values results = { 0 };
        for (int i = 0; i < old->nresults; i++) PUSH(w->m->arena, &results, w->value.at[old->results[i]->id]);
        block_return(&w->b, results.at, results.n);
        builder_leave(&w->b);
    }
    Attrs attrs = attrs_subst(cx, in->attrs, &w->dims);
    w->b.origin = in->origin;
    const Inst *copy = emit_region(&w->b, in->op, args.at, args.n, &attrs, regions, in->nregions);
    w->b.origin = NULL;
    for (int i = 0; i < in->nresults; i++) w->value.at[in->results[i]->id] = copy->results[i];
}

static void inline_block(Inline *w, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        if (hides(w->func, in, w->kind))
            inline_call(w, in);
        else if (in->nregions)
            inline_regions(w, in);
        else
            copy_inst(&w->b, in, &w->value, &w->dims, false);
    }
}

static const Func *bared(Module *m, const Func *f, Kind kind) {
    if (!any_hides(f, f->body, kind)) return f;
    MemoKey key = { .kind = MEMO_INLINED, .func = f, .number = kind };
    Func *made = memo_get(m, &key);
    if (made) return made;
    made = func_like(m, f, "inline");
    made->title = f->title;
    Inline w = { .m = m, .b = builder_new(made), .value = value_map_new(m->arena, f), .func = f, .kind = kind };
    for (int i = 0; i < f->body->nparams; i++)
        w.value.at[f->body->params[i]->id] = block_param(made->body, f->body->params[i]->type);
    inline_block(&w, f->body);
    Values results = { 0 };
    for (int i = 0; i < f->body->nresults; i++) PUSH(m->arena, &results, w.value.at[f->body->results[i]->id]);
    block_return(&w.b, results.at, results.n);
    made = (Func *)bared(m, made, kind); /* calls in callees may have been given such sizes as well */
    memo_set(m, &key, made);
    return made;
}

const Func *with_calls_bared(Module *m, const Func *f) { return bared(m, f, HIDES_LANES); }
const Func *with_pmaps_bared(Module *m, const Func *f) { return bared(m, f, HIDES_SHARDS); }
const Func *with_short_calls_bared(Module *m, const Func *f) { return bared(m, f, HIDES_LITTLE); }
