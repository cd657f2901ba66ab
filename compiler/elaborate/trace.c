/* trace: building one IR function inside another.
**
** Values of the functions around it become parameters where they are first used; constants and sizes are made again.
** Size variables mean the same inside and outside: those that the function mentions and does not bind itself are its size
** parameters. */
#include "elaborate/values.h"

#include <string.h>

void tracing_begin(Elab *e, Tracing *t, const char *name, const char *title) {
    Func *f = func_new(e->module, name);
    f->title = title;
    tracing_into(e, t, f);
}

void tracing_into(Elab *e, Tracing *t, Func *f) {
    *t = (Tracing){ .outer = e->tracing, .func = f };
    t->func->origin = e->b ? e->b->origin : NULL;
    t->b = builder_new(t->func);
    t->b.origin = t->func->origin;
    t->born = ++e->serial;
    t->imports = map_new(e->arena);
    t->reads = map_new(e->arena);
    t->read_places = map_new(e->arena);
    e->epoch++;
    e->tracing = t;
    e->b = &t->b;
}

static Value *import(Elab *e, Tracing *t, Value *v) {
    if (!t || v->block->func == t->func) return v;
    Value *here = map_get(&t->imports, v);
    if (here) return here;
    Data d;
    if (v->def && v->def->op == OP_constant && value_is_constant(v, &d)) {
        here = ir_constant(&t->b, v->type, d.n, d.bytes);
    } else if (v->def && v->def->op == OP_size) {
        here = ir_size(&t->b, v->def->attrs->dim);
    } else {
        import(e, t->outer, v);
        here = block_param(t->func->body, v->type);
    }
    if (!here->def || here->block == t->func->body) map_set(&t->imports, v, here); /* else it ends with its block */
    return here;
}

Value *value_here(Elab *e, Value *v) { return import(e, e->tracing, v); }

/* The size variables of a function, by a walk over what it mentions. */
typedef struct {
    Elab *e;
    Map bound, used; /* by SizeVar */
} SizeWalk;

static void walk_dim(SizeWalk *w, const Dim *d);
static void walk_atom(SizeWalk *w, const Atom *a) {
    if (a->kind == ATOM_VAR) {
        map_set(&w->used, a->var, (void *)(uintptr_t)a->var);
    } else {
        walk_dim(w, a->a);
        walk_dim(w, a->b);
    }
}
static void walk_dim(SizeWalk *w, const Dim *d) {
    for (int i = 0; d && i < d->nterms; i++)
        for (int k = 0; k < d->terms[i].natoms; k++) walk_atom(w, d->terms[i].atoms[k]);
}
static void walk_dims(SizeWalk *w, Dims d) {
    for (int i = 0; i < d.n; i++) walk_dim(w, d.at[i]);
}
static void walk_type(SizeWalk *w, const Type *t) {
    for (int i = 0; i < t->rank; i++) walk_dim(w, t->dim[i]);
}

static void walk_block(SizeWalk *w, const Block *block) {
    for (int i = 0; i < block->nparams; i++) walk_type(w, block->params[i]->type);
    for (const Inst *in = block->first; in; in = in->next) {
        const Attrs *a = in->attrs;
        walk_dims(w, a->shape);
        walk_dims(w, a->start);
        walk_dims(w, a->limit);
        walk_dims(w, a->low);
        walk_dims(w, a->high);
        walk_dims(w, a->sizes);
        walk_dim(w, a->dim);
        walk_dim(w, a->trip);
        for (int i = 0; i < a->binds.n; i++) map_set(&w->bound, a->binds.at[i], w);
        for (int i = 0; i < in->nresults; i++) walk_type(w, in->results[i]->type);
        for (int i = 0; i < in->nregions; i++) walk_block(w, in->regions[i]);
    }
}

static void set_sizes(Elab *e, Func *f) {
    SizeWalk w = { e, map_new(e->arena), map_new(e->arena) };
    walk_block(&w, f->body);
    const SizeVar **at = NEW_ARRAY(e->module->arena, const SizeVar *, w.used.n + 1);
    int n = 0;
    for (int i = 0; i < w.used.n; i++)
        if (!map_get(&w.bound, w.used.entries[i].key)) at[n++] = w.used.entries[i].key;
    f->sizes = (Sizes){ n, at };
}

static void mark_used(bool *used, const Block *body, Value *const *at, int n) {
    for (int i = 0; i < n; i++)
        if (!at[i]->def && at[i]->block == body) used[at[i]->index] = true;
}

static void mark_params(bool *used, const Block *body, const Block *b) {
    mark_used(used, body, b->results, b->nresults);
    for (const Inst *in = b->first; in; in = in->next) {
        mark_used(used, body, in->args, in->nargs);
        for (int i = 0; i < in->nregions; i++) mark_params(used, body, in->regions[i]);
    }
}

/* What only an attempt that was given up took from outside is no parameter. */
static void drop_unused_imports(Elab *e, Tracing *t) {
    Block *body = t->func->body;
    bool *kept = NEW_ARRAY(e->arena, bool, body->nparams + 1);
    for (int i = 0; i < body->nparams; i++) kept[i] = true;
    for (int i = 0; i < t->imports.n; i++) {
        const Value *here = t->imports.entries[i].value;
        if (!here->def) kept[here->index] = false;
    }
    mark_params(kept, body, body);
    for (int i = 0; i < t->imports.n; i++) {
        const Value *here = t->imports.entries[i].value;
        if (!here->def && !kept[here->index]) t->imports.entries[i].value = NULL;
    }
    int n = 0;
    for (int i = 0; i < body->nparams; i++) {
        if (!kept[i]) continue;
        body->params[i]->index = n;
        body->params[n++] = body->params[i];
    }
    body->nparams = n;
}

void tracing_end(Elab *e, Value **results, int n) {
    Tracing *t = e->tracing;
    Value **here = NEW_ARRAY(e->arena, Value *, n + 1);
    for (int i = 0; i < n; i++) here[i] = value_here(e, results[i]);
    block_return(&t->b, here, n);
    drop_unused_imports(e, t);
    set_sizes(e, t->func);
    e->tracing = t->outer;
    e->b = t->outer ? &t->outer->b : NULL;
    e->epoch++;
}

/* Functions that an attempt left behind, and nobody calls, go. */
static void reach(Map *seen, Func *f) {
    if (f && !map_get(seen, f)) map_set(seen, f, f);
}

static void reach_calls(Map *seen, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        reach(seen, in->attrs->callee);
        reach(seen, in->attrs->rule);
        reach(seen, in->attrs->backward);
        for (int i = 0; i < in->nregions; i++) reach_calls(seen, in->regions[i]);
    }
}

void drop_unreached(Elab *e) {
    Map seen = map_new(e->arena);
    Module *m = e->module;
    reach(&seen, m->main);
    for (Func *f = m->first; f; f = f->next)
        if (f->exported) reach(&seen, f);
    for (int i = 0; i < seen.n; i++) reach_calls(&seen, ((Func *)seen.entries[i].value)->body);
    Func **link = &m->first;
    m->last = NULL;
    for (Func *f = m->first; f; f = f->next) {
        if (!map_get(&seen, f)) continue;
        *link = m->last = f;
        link = &f->next;
    }
    *link = NULL;
}

/* What a finished function captured, as values of the function around it. */
Value **tracing_captured(Elab *e, const Tracing *t, int *n) {
    Value **at = NEW_ARRAY(e->arena, Value *, t->imports.n + 1);
    *n = 0;
    for (int i = 0; i < t->imports.n; i++) {
        Value *here = t->imports.entries[i].value;
        if (here && !here->def) at[(*n)++] = value_here(e, (Value *)(uintptr_t)t->imports.entries[i].key);
    }
    return at;
}

Inst *call_func(Elab *e, Func *f, Value **args, int nargs, const DimMap *map) {
    const Dim **sizes = NEW_ARRAY(e->module->arena, const Dim *, f->sizes.n + 1);
    for (int i = 0; i < f->sizes.n; i++) {
        sizes[i] = dim_var(e->cx, f->sizes.at[i]);
        if (map) sizes[i] = dim_subst(e->cx, sizes[i], map);
    }
    Value **here = NEW_ARRAY(e->arena, Value *, nargs + 1);
    for (int i = 0; i < nargs; i++) here[i] = value_here(e, args[i]);
    return ir_call(e->b, f, here, nargs, sizes);
}

DimMap sizes_bound_by(Elab *e, const Inst *in) {
    DimMap map = { 0 };
    Sizes bound = func_bound_sizes(e->arena, in->attrs->callee);
    for (int i = 0; i < bound.n; i++) dim_map_add(e->cx, &map, bound.at[i], dim_var(e->cx, in->attrs->binds.at[i]));
    return map;
}
