/* walk: for passes that change instructions wherever they stand. */
#include "optimize/optimize.h"

Value *walk_value(const Walk *w, const Value *old) {
    Value *v = w->map.at[old->id];
    if (!v) {
        bug(w->b.cx, "a value of @%s is used before it has become anything: %s of %s", old->block->func->name,
            old->def ? op_name(old->def->op) : "parameter", type_text(w->b.cx, old->type));
    }
    return v;
}

void walk_block(Walk *w, const Block *block) {
    if (w->block) {
        w->block(w, block);
        return;
    }
    for (const Inst *in = block->first; in; in = in->next) {
        w->b.origin = origin_under(w->b.cx, in->origin, w->outer);
        w->inst(w, in);
    }
}

static Block *walk_region(Walk *w, const Block *old) {
    Block *block = block_new(w->b.func, NULL);
    for (int i = 0; i < old->nparams; i++)
        w->map.at[old->params[i]->id] = block_param(block, type_subst(w->b.cx, old->params[i]->type, &w->dims));
    builder_enter(&w->b, block);
    walk_block(w, old);
    Value **results = NEW_ARRAY(w->b.arena, Value *, old->nresults + 1);
    for (int i = 0; i < old->nresults; i++) results[i] = walk_value(w, old->results[i]);
    block_return(&w->b, results, old->nresults);
    builder_leave(&w->b);
    return block;
}

Inst *walk_copy_with(Walk *w, const Inst *in, const Attrs *old_attrs) {
    Builder *b = &w->b;
    if (w->fresh) binds_anew(b->cx, in, &w->dims);
    Attrs replaced = attrs_subst(b->cx, old_attrs, &w->dims), *attrs = &replaced;
    Value **args = NEW_ARRAY(b->arena, Value *, in->nargs + 1);
    Block **regions = NEW_ARRAY(b->arena, Block *, in->nregions + 1);
    for (int i = 0; i < in->nargs; i++) args[i] = walk_value(w, in->args[i]);
    for (int i = 0; i < in->nregions; i++) regions[i] = walk_region(w, in->regions[i]);
    b->origin = origin_under(b->cx, in->origin, w->outer);
    if (!in->nregions && in->nresults == 1) { /* may become something that was there before */
        Value *v = emit(b, in->op, args, in->nargs, attrs);
        w->map.at[in->results[0]->id] = v;
        return v->def;
    }
    Inst *copy = in->nregions ? emit_region(b, in->op, args, in->nargs, attrs, regions, in->nregions)
                              : emit_inst(b, in->op, args, in->nargs, attrs);
    for (int i = 0; i < in->nresults; i++) w->map.at[in->results[i]->id] = copy->results[i];
    return copy;
}

Inst *walk_copy(Walk *w, const Inst *in) { return walk_copy_with(w, in, in->attrs); }

static void fill(Builder *b, const Func *old, void *start) {
    Walk w = *(const Walk *)start;
    w.b = *b;
    w.map = value_map_new(b->arena, old);
    for (int i = 0; i < old->body->nparams; i++) w.map.at[old->body->params[i]->id] = b->func->body->params[i];
    walk_block(&w, old->body);
    Value **results = NEW_ARRAY(b->arena, Value *, old->body->nresults + 1);
    for (int i = 0; i < old->body->nresults; i++) results[i] = walk_value(&w, old->body->results[i]);
    block_return(&w.b, results, old->body->nresults);
    *b = w.b;
}

Module *walk_module(const Module *m, void (*inst)(Walk *, const Inst *), void *context) {
    Walk w = { .inst = inst, .context = context };
    return module_rewrite(m, fill, &w);
}

Module *walk_module_blocks(const Module *m, void (*block)(Walk *, const Block *)) {
    Walk w = { .block = block };
    return module_rewrite(m, fill, &w);
}
