/* rewrite: the walk that passes share: old instructions are copied into a new place, through the builder, which folds and
** shares them as if they had been written there. */
#include "ir/internal.h"

#include <string.h>

ValueMap value_map_new(Arena *arena, const Func *f) {
    return (ValueMap){ NEW_ARRAY(arena, Value *, f->nvalues), f->nvalues };
}

const Origin *origin_under(Compiler *cx, const Origin *inner, const Origin *outer) {
    if (!outer) return inner;
    if (!inner) return outer;
    if (inner == outer) return inner;
    Origin *o = NEW(cx->arena, Origin);
    *o = *inner;
    o->caller = origin_under(cx, inner->caller, outer);
    return o;
}

static Value *mapped(Builder *b, const ValueMap *map, const Value *old) {
    Value *v = old->id < map->n ? map->at[old->id] : NULL;
    if (!v) bug(b->cx, "a value of @%s is copied before what defines it", old->block->func->name);
    return v;
}

void binds_anew(Compiler *cx, const Inst *in, DimMap *dims) {
    if (!op_has_attr(in->op, ATTR_INDEX_binds)) return;
    for (int i = 0; i < in->attrs->binds.n; i++) {
        const SizeVar *old = in->attrs->binds.at[i];
        bool known = false;
        for (int k = 0; k < dims->n; k++) known = known || dims->from[k] == old;
        if (!known) dim_map_add(cx, dims, old, dim_var(cx, size_var(cx, old->name, old->span)));
    }
}

static Block *copy_region(Builder *b, const Block *old, ValueMap *map, DimMap *dims, bool fresh) {
    Block *block = block_new(b->func, NULL);
    for (int i = 0; i < old->nparams; i++)
        map->at[old->params[i]->id] = block_param(block, type_subst(b->cx, old->params[i]->type, dims));
    builder_enter(b, block);
    copy_block_into(b, old, map, dims, fresh);
    Value **results = NEW_ARRAY(b->arena, Value *, old->nresults);
    for (int i = 0; i < old->nresults; i++) results[i] = mapped(b, map, old->results[i]);
    block_return(b, results, old->nresults);
    builder_leave(b);
    return block;
}

Inst *copy_inst(Builder *b, const Inst *in, ValueMap *map, DimMap *dims, bool fresh) {
    Value *few[16], **args = in->nargs > COUNT(few) ? NEW_ARRAY(b->arena, Value *, in->nargs) : few;
    for (int i = 0; i < in->nargs; i++) args[i] = mapped(b, map, in->args[i]);
    if (fresh) binds_anew(b->cx, in, dims);
    Attrs attrs = attrs_subst(b->cx, in->attrs, dims);
    const Origin *outer = b->origin;
    Block **regions = NEW_ARRAY(b->arena, Block *, in->nregions);
    for (int i = 0; i < in->nregions; i++) regions[i] = copy_region(b, in->regions[i], map, dims, fresh);
    b->origin = origin_under(b->cx, in->origin, outer);
    Inst *copy;
    if (in->nregions) {
        copy = emit_region(b, in->op, args, in->nargs, &attrs, regions, in->nregions);
    } else if (in->nresults == 1) {
        Value *v = emit(b, in->op, args, in->nargs, &attrs);
        map->at[in->results[0]->id] = v;
        b->origin = outer;
        return v->def;
    } else {
        copy = emit_inst(b, in->op, args, in->nargs, &attrs);
    }
    for (int i = 0; i < in->nresults; i++) map->at[in->results[i]->id] = copy->results[i];
    b->origin = outer;
    return copy;
}

void copy_block_into(Builder *b, const Block *block, ValueMap *map, DimMap *dims, bool fresh) {
    for (const Inst *in = block->first; in; in = in->next) copy_inst(b, in, map, dims, fresh);
}

Func *func_shell(Module *m, const Func *old) {
    Func *f = func_new(m, old->name);
    Arena *arena = m->arena;
    f->title = name_of(m->cx, old->title);
    f->sizes = (Sizes){ old->sizes.n, arena_copy(arena, old->sizes.at, sizeof *old->sizes.at * (size_t)old->sizes.n) };
    f->exported = old->exported;
    f->export_name = old->export_name ? name_of(m->cx, old->export_name) : NULL;
    f->export_info = old->export_info;
    f->origin = old->origin;
    for (int i = 0; i < old->body->nparams; i++) block_param(f->body, old->body->params[i]->type);
    if (old->param_names) {
        f->param_names = NEW_ARRAY(arena, const char *, old->body->nparams);
        for (int i = 0; i < old->body->nparams; i++)
            f->param_names[i] = old->param_names[i] ? name_of(m->cx, old->param_names[i]) : NULL;
    }
    return f;
}

static void fill_with_copy(Builder *b, const Func *old, void *context) {
    (void)context;
    ValueMap map = value_map_new(b->arena, old);
    DimMap dims = { 0 };
    for (int i = 0; i < old->body->nparams; i++) map.at[old->body->params[i]->id] = b->func->body->params[i];
    copy_block_into(b, old->body, &map, &dims, false);
    Value **results = NEW_ARRAY(b->arena, Value *, old->body->nresults);
    for (int i = 0; i < old->body->nresults; i++) results[i] = mapped(b, &map, old->body->results[i]);
    block_return(b, results, old->body->nresults);
}

Func *copy_func(Module *m, const Func *old) {
    Func *f = func_shell(m, old);
    Builder b = builder_new(f);
    fill_with_copy(&b, old, NULL);
    return f;
}

/* From old functions to new ones, in the order in which they are met. */
typedef struct {
    Map funcs;
    struct {
        const Func **at;
        int n, cap;
    } todo;
    Module *module;
} Reached;

static void reach_block(Reached *, const Block *);
static void reach(Reached *r, const Func *f) {
    if (!f || map_get(&r->funcs, f)) return;
    map_set(&r->funcs, f, r); /* any mark, until the new one is there */
    reach_block(r, f->body);  /* callees first: a pass sees them before their callers */
    PUSH(r->module->arena, &r->todo, f);
}
static void reach_block(Reached *r, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (op_has_attr(in->op, ATTR_INDEX_callee)) reach(r, in->attrs->callee);
        if (op_has_attr(in->op, ATTR_INDEX_rule)) reach(r, in->attrs->rule);
        if (op_has_attr(in->op, ATTR_INDEX_backward)) reach(r, in->attrs->backward);
        for (int i = 0; i < in->nregions; i++) reach_block(r, in->regions[i]);
    }
}

static void mend_block(const Reached *r, Block *b) {
    for (Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nregions; i++) mend_block(r, in->regions[i]);
        if (!op_has_attr(in->op, ATTR_INDEX_callee)) continue;
        Attrs *a = (Attrs *)in->attrs; /* copied for this instruction when it was appended */
        Func *callee = map_get(&r->funcs, a->callee);
        if (callee) a->callee = callee;
        if (a->rule) a->rule = map_get(&r->funcs, a->rule);
        if (a->backward) a->backward = map_get(&r->funcs, a->backward);
    }
}

Module *module_rewrite(const Module *old, void (*fill)(Builder *, const Func *, void *), void *context) {
    Module *m = module_new(old->cx);
    Reached r = { .funcs = map_new(m->arena), .module = m };
    bool roots = old->main != NULL;
    for (const Func *f = old->first; f; f = f->next) roots |= f->exported;
    for (const Func *f = old->first; f; f = f->next)
        if (!roots || f->exported || f == old->main) reach(&r, f);
    for (int i = 0; i < r.todo.n; i++) map_set(&r.funcs, r.todo.at[i], func_shell(m, r.todo.at[i]));
    for (int i = 0; i < r.todo.n; i++) {
        Builder b = builder_new(map_get(&r.funcs, r.todo.at[i]));
        fill(&b, r.todo.at[i], context);
    }
    for (Func *f = m->first; f; f = f->next) mend_block(&r, f->body);
    m->main = old->main ? map_get(&r.funcs, old->main) : NULL;
    return m;
}

Module *module_copy(const Module *old) { return module_rewrite(old, fill_with_copy, NULL); }

static void count_block(const Block *b, int *counts) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++) counts[in->args[i]->id]++;
        for (int i = 0; i < in->nregions; i++) count_block(in->regions[i], counts);
    }
    for (int i = 0; i < b->nresults; i++) counts[b->results[i]->id]++;
}

int *use_counts(Arena *arena, const Func *f) {
    int *counts = NEW_ARRAY(arena, int, f->nvalues);
    count_block(f->body, counts);
    return counts;
}

static bool used_elsewhere(const Block *b, const Value *v, const Inst *by) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; in != by && i < in->nargs; i++)
            if (in->args[i] == v) return true;
        for (int i = 0; i < in->nregions; i++)
            if (used_elsewhere(in->regions[i], v, by)) return true;
    }
    for (int i = 0; i < b->nresults; i++)
        if (b->results[i] == v) return true;
    return false;
}
bool value_is_used_only_by(const Value *v, const Inst *by) { return !used_elsewhere(v->block, v, by); }
