/* shards: calls and pmaps alike, and who speaks of an axis by name. */
#include "transform/walk.h"

#include <string.h>

void call_arg(Arena *arena, CallArgs *a, Value *x, bool mapped) {
    PUSH(arena, &a->args, x);
    PUSH(arena, &a->mapped, mapped);
}

Inst *call_like(Builder *b, const Inst *like, Func *callee, const CallArgs *a, Dims sizes, Sizes binds) {
    Attrs attrs = no_attrs;
    attrs.callee = callee;
    attrs.sizes = sizes;
    if (like->op != OP_pmap) {
        attrs.binds = binds;
        attrs.remat = like->attrs->remat;
        return emit_inst(b, OP_call, a->args.at, a->args.n, &attrs);
    }
    attrs.dim = like->attrs->dim;
    attrs.name = like->attrs->name;
    attrs.mapped = ints_of(b->arena, a->mapped.n, a->mapped.at);
    return emit_inst(b, OP_pmap, a->args.at, a->args.n, &attrs);
}

static bool inst_speaks(const Inst *, const char *name, Map *seen);

static bool block_speaks(const Block *b, const char *name, Map *seen) {
    for (const Inst *in = b->first; in; in = in->next)
        if (inst_speaks(in, name, seen)) return true;
    return false;
}

static bool func_speaks(const Func *f, const char *name, Map *seen) {
    if (!f || map_get(seen, f)) return false;
    map_set(seen, f, seen);
    return block_speaks(f->body, name, seen);
}

static bool inst_speaks(const Inst *in, const char *name, Map *seen) {
    const Attrs *a = in->attrs;
    if (op_class(in->op) == CLASS_COLLECTIVE) return !name || !strcmp(a->name, name);
    for (int r = 0; r < in->nregions; r++)
        if (block_speaks(in->regions[r], name, seen)) return true;
    return op_has_attr(in->op, ATTR_INDEX_callee) &&
           (func_speaks(a->callee, name, seen) || func_speaks(a->rule, name, seen) ||
            func_speaks(a->backward, name, seen));
}

bool speaks_of(const Inst *in, const char *name) {
    Map seen = map_new(in->block->func->module->arena);
    return inst_speaks(in, name, &seen);
}
