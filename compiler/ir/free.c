/* free: the values of surrounding blocks that blocks read.
**
** A value is free in a block if neither that block nor one inside it defines it. */
#include "ir/ir.h"

typedef struct {
    Arena *arena;
    bool *seen; /* by id */
    const Block *outer;
    FreeValues found;
} FreeWalk;

static bool stands_in(const Block *b, const Block *outer) {
    for (; b; b = b->parent ? b->parent->block : NULL)
        if (b == outer) return true;
    return false;
}

static void see_values(FreeWalk *w, Value *const *v, int n) {
    for (int i = 0; i < n; i++) {
        if (w->seen[v[i]->id] || stands_in(v[i]->block, w->outer)) continue;
        w->seen[v[i]->id] = true;
        PUSH(w->arena, &w->found, v[i]);
    }
}

static void see_block(FreeWalk *w, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        see_values(w, in->args, in->nargs);
        for (int r = 0; r < in->nregions; r++) see_block(w, in->regions[r]);
    }
    see_values(w, block->results, block->nresults);
}

FreeValues free_values_of_block(Arena *arena, const Block *block) {
    FreeWalk w = { .arena = arena, .seen = NEW_ARRAY(arena, bool, block->func->nvalues), .outer = block };
    see_block(&w, block);
    return w.found;
}

FreeValues free_values(Arena *arena, const Inst *in) {
    FreeValues all = { 0 };
    if (in->nregions == 0) return all;
    bool *seen = NEW_ARRAY(arena, bool, in->block->func->nvalues);
    for (int r = 0; r < in->nregions; r++) {
        FreeWalk w = { .arena = arena, .seen = seen, .outer = in->regions[r], .found = all };
        see_block(&w, in->regions[r]);
        all = w.found;
    }
    return all;
}
