/* silent: instructions run again write nothing: what is written has been written.
**
** Copies leave out what happens in order and gives no result, in their blocks and in what they call.  What happens in order and
** gives one (the time, a file) cannot be repeated at all. */
#include "transform/split.h"

static bool block_happens_once(const Block *, Map *seen);

static bool inst_happens_once(const Inst *in, Map *seen) {
    if (op_effect(in->op) == EFFECT_ORDERED && in->nresults > 0 && in->op != OP_progress_new) return true;
    for (int r = 0; r < in->nregions; r++)
        if (block_happens_once(in->regions[r], seen)) return true;
    Func *callee = in->attrs->callee;
    if (!callee || map_get(seen, callee)) return false;
    map_set(seen, callee, seen);
    return block_happens_once(callee->body, seen);
}

static bool block_happens_once(const Block *block, Map *seen) {
    for (const Inst *in = block->first; in; in = in->next)
        if (inst_happens_once(in, seen)) return true;
    return false;
}

bool happens_once(Arena *arena, const Inst *in) {
    if (inst_effect(in) != EFFECT_ORDERED) return false;
    Map seen = map_new(arena);
    return inst_happens_once(in, &seen);
}

static void copy_block(Module *, Builder *, const Block *, ValueMap *);

static bool writes(const Func *f) {
    for (const Inst *in = f->body->first; in; in = in->next)
        if (inst_effect(in) == EFFECT_ORDERED) return true;
    return false;
}

Func *silent_func(Module *m, Func *f) {
    if (!writes(f)) return f;
    MemoKey key = { .kind = MEMO_SILENT, .func = f };
    Func *made = memo_get(m, &key);
    if (made) return made;
    made = func_like(m, f, "silent");
    made->title = f->title;
    memo_set(m, &key, made); /* calls of itself are of this */
    for (int i = 0; i < f->body->nresults; i++) promise_result(made, f->body->results[i]->type);
    Builder b = builder_new(made);
    ValueMap map = value_map_new(m->arena, f);
    Values results = { 0 };
    for (int i = 0; i < f->body->nparams; i++)
        map.at[f->body->params[i]->id] = block_param(made->body, f->body->params[i]->type);
    copy_block(m, &b, f->body, &map);
    for (int i = 0; i < f->body->nresults; i++) PUSH(m->arena, &results, map.at[f->body->results[i]->id]);
    block_return(&b, results.at, results.n);
    return made;
}

void copy_silently(Module *m, Builder *b, const Inst *in, ValueMap *map) {
    /* sizes bound inside its blocks become new ones, since a block beside it may bind the old ones too */
    DimMap own = { 0 };
    for (int i = 0; i < in->attrs->binds.n; i++)
        dim_map_add(m->cx, &own, in->attrs->binds.at[i], dim_var(m->cx, in->attrs->binds.at[i]));
    bool itself = op_effect(in->op) == EFFECT_ORDERED;
    if (itself && in->nresults == 0) return;
    if (in->op == OP_progress_new) { /* no bar */
        map->at[in->results[0]->id] = ir_fill(b, in->results[0]->type, 0);
        return;
    }
    if (itself || inst_effect(in) != EFFECT_ORDERED) {
        copy_inst(b, in, map, &own, true);
        return;
    }
    Values args = { 0 };
    for (int i = 0; i < in->nargs; i++) PUSH(m->arena, &args, map->at[in->args[i]->id]);
    Attrs attrs = *in->attrs;
    if (attrs.callee) attrs.callee = silent_func(m, attrs.callee);
    Block **regions = NEW_ARRAY(m->arena, Block *, in->nregions + 1);
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        Values results = { 0 };
        regions[r] = block_new(b->func, NULL);
        for (int i = 0; i < old->nparams; i++)
            map->at[old->params[i]->id] = block_param(regions[r], old->params[i]->type);
        builder_enter(b, regions[r]);
        copy_block(m, b, old, map);
        for (int i = 0; i < old->nresults; i++) PUSH(m->arena, &results, map->at[old->results[i]->id]);
        block_return(b, results.at, results.n);
        builder_leave(b);
    }
    b->origin = in->origin;
    const Inst *copy = in->nregions ? emit_region(b, in->op, args.at, args.n, &attrs, regions, in->nregions)
                                    : emit_inst(b, in->op, args.at, args.n, &attrs);
    for (int i = 0; i < in->nresults; i++) map->at[in->results[i]->id] = copy->results[i];
}

static void copy_block(Module *m, Builder *b, const Block *block, ValueMap *map) {
    for (const Inst *in = block->first; in; in = in->next) copy_silently(m, b, in, map);
}
