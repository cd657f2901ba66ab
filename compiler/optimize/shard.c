/* shard: every pmap becomes what one process does for its block of the shards, and what the processes give each other.
**
** The arguments of which every shard has its own slice are cut to the block; the results of all blocks are gathered, unless all
** that follows wants of them is the block again, as the next pmap does. */
#include "optimize/optimize.h"

#include <string.h>

typedef struct {
    Func *func;
    bool *stacked; /* per result: it differs between shards */
} Sharded;

/* This process's part of so many shards, known in that block and in those inside it. */
typedef struct {
    const Block *known_in; /* of the old module */
    const Dim *shards, *here;
    Value *first;
} Part;

/* What has been gathered, and from what. */
typedef struct {
    const Block *known_in;
    const Value *whole;
    Value *block;
    const Dim *here;
} Gathered;

typedef struct {
    Map *made; /* Inst -> Sharded */
    struct {
        Part *at;
        int n, cap;
    } parts;
    struct {
        Gathered *at;
        int n, cap;
    } gathered;
} Context;

/* Axes that pmaps around have. */
typedef struct Bound {
    const char *name;
    const struct Bound *outer;
} Bound;

static bool is_bound(const Bound *b, const char *name) {
    while (b && strcmp(b->name, name)) b = b->outer;
    return b != NULL;
}

/* A part of some pmap's function: it speaks of an axis that nothing in it maps over. */
static bool speaks_freely(const Block *b, const Bound *bound, Map *seen) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (op_class(in->op) == CLASS_COLLECTIVE && !is_bound(bound, in->attrs->name)) return true;
        for (int r = 0; r < in->nregions; r++)
            if (speaks_freely(in->regions[r], bound, seen)) return true;
        if (in->op == OP_pmap) {
            if (speaks_freely(in->attrs->callee->body, &(Bound){ in->attrs->name, bound }, seen)) return true;
        } else if (op_has_attr(in->op, ATTR_INDEX_callee) && !map_get(seen, in->attrs->callee)) {
            map_set(seen, in->attrs->callee, seen);
            if (speaks_freely(in->attrs->callee->body, bound, seen)) return true;
        }
    }
    return false;
}
static bool is_part(const Func *f) {
    Map seen = map_new(f->module->arena);
    return speaks_freely(f->body, NULL, &seen);
}

static void map_pmaps(const Block *b, Map *made) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (in->op == OP_pmap) {
            Sharded *s = NEW(b->func->module->arena, Sharded);
            s->stacked = NEW_ARRAY(b->func->module->arena, bool, in->nresults + 1);
            s->func = transform_shard(b->func->module, in, s->stacked);
            map_set(made, in, s);
        }
        for (int r = 0; r < in->nregions; r++) map_pmaps(in->regions[r], made);
    }
}

static bool inside(const Block *b, const Block *outer) {
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

static Part part_of(Walk *w, const Inst *in, const Dim *shards) {
    Context *c = w->context;
    Builder *b = &w->b;
    for (int i = 0; i < c->parts.n; i++)
        if (c->parts.at[i].shards == shards && inside(in->block, c->parts.at[i].known_in)) return c->parts.at[i];
    Attrs of_dim = no_attrs;
    of_dim.dim = shards;
    const Inst *range = emit_inst(b, OP_shard_range, NULL, 0, &of_dim);
    Part p = { in->block, shards, ir_bind_size(b, range->results[1], "shards_here"), range->results[0] };
    PUSH(b->arena, &c->parts, p);
    return p;
}

static Value *block_of(Walk *w, const Inst *in, Value *x, const Part *p) {
    const Context *c = w->context;
    Builder *b = &w->b;
    Value *starts[MAX_RANK];
    for (int i = 0; i < c->gathered.n; i++) {
        const Gathered *g = &c->gathered.at[i];
        if (g->whole == x && g->here == p->here && inside(in->block, g->known_in)) return g->block;
    }
    for (int i = 0; i < x->type->rank; i++) starts[i] = i ? ir_i64(b, 0) : p->first;
    return ir_dynamic_slice(b, x, starts, type_with_lead(b->cx, type_without_lead(b->cx, x->type), p->here));
}

/* [shards, ...] of what each shard has, or of what all have. */
static Value *whole_of(Walk *w, const Inst *in, Value *x, bool stacked, const Part *p) {
    Context *c = w->context;
    Builder *b = &w->b;
    Attrs of_dim = no_attrs;
    of_dim.dim = p->shards;
    if (!stacked) {
        int64_t map[MAX_RANK];
        for (int i = 0; i < x->type->rank; i++) map[i] = i + 1;
        return ir_broadcast(b, x, type_with_lead(b->cx, x->type, p->shards), map);
    }
    Value *whole = emit(b, OP_shard_gather, &x, 1, &of_dim);
    PUSH(b->arena, &c->gathered, ((Gathered){ in->block, whole, x, p->here }));
    return whole;
}

static void expand(Walk *w, const Inst *in, const Sharded *s) {
    Builder *b = &w->b;
    const Func *f = s->func;
    Attrs attrs = attrs_subst(b->cx, in->attrs, &w->dims);
    Part p = part_of(w, in, attrs.dim);
    ValueMap map = value_map_new(b->arena, f);
    DimMap dims = { 0 };
    for (int i = 0; i < attrs.sizes.n; i++) dim_map_add(b->cx, &dims, f->sizes.at[i], attrs.sizes.at[i]);
    dim_map_add(b->cx, &dims, f->sizes.at[attrs.sizes.n], p.here);
    if (f->sizes.n > attrs.sizes.n + 1) dim_map_add(b->cx, &dims, f->sizes.at[attrs.sizes.n + 1], attrs.dim);
    for (int i = 0; i < in->nargs; i++) {
        Value *x = walk_value(w, in->args[i]);
        map.at[f->body->params[i]->id] = in->attrs->mapped.at[i] ? block_of(w, in, x, &p) : x;
    }
    map.at[f->body->params[in->nargs]->id] = p.first;
    copy_block_into(b, f->body, &map, &dims, true);
    for (int i = 0; i < in->nresults; i++)
        w->map.at[in->results[i]->id] = whole_of(w, in, map.at[f->body->results[i]->id], s->stacked[i], &p);
}

static bool binds_in(const Block *b, const Dim *d) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->attrs->binds.n; i++)
            if (dim_mentions(d, in->attrs->binds.at[i])) return true;
        for (int r = 0; r < in->nregions; r++)
            if (binds_in(in->regions[r], d)) return true;
    }
    return false;
}

/* Parts that pmaps in a loop have are known before it, where that can be: so it can carry blocks. */
static void parts_for(Walk *w, const Inst *loop, const Block *inner) {
    for (const Inst *in = inner->first; in; in = in->next) {
        for (int r = 0; r < in->nregions; r++) parts_for(w, loop, in->regions[r]);
        if (in->op != OP_pmap) continue;
        bool known = true;
        for (int r = 0; r < loop->nregions; r++) known &= !binds_in(loop->regions[r], in->attrs->dim);
        if (known) part_of(w, loop, attrs_subst(w->b.cx, in->attrs, &w->dims).dim);
    }
}

static void inst(Walk *w, const Inst *in) {
    const Context *c = w->context;
    const Sharded *s = map_get(c->made, in);
    for (int r = 0; r < in->nregions; r++) parts_for(w, in, in->regions[r]);
    if (s)
        expand(w, in, s);
    else
        walk_copy(w, in);
}

/* Functions of shards have been used up. */
static void drop_parts(Module *m) {
    Func **link = &m->first;
    m->last = NULL;
    for (Func *f = m->first; f; f = f->next) {
        if (is_part(f)) continue;
        *link = m->last = f;
        link = &f->next;
    }
    *link = NULL;
}

static bool meets_others(const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        if (in->op == OP_shard_range || in->op == OP_world_info) return true;
        for (int r = 0; r < in->nregions; r++)
            if (meets_others(in->regions[r])) return true;
    }
    return false;
}

/* The program begins by meeting the other processes. */
static void fill(Builder *b, const Func *old, void *needs_world) {
    ValueMap map = value_map_new(b->arena, old);
    DimMap dims = { 0 };
    Value **results = NEW_ARRAY(b->arena, Value *, old->body->nresults + 1);
    for (int i = 0; i < old->body->nparams; i++) map.at[old->body->params[i]->id] = b->func->body->params[i];
    if (*(bool *)needs_world && old == old->module->main) emit_inst(b, OP_world, NULL, 0, &no_attrs);
    copy_block_into(b, old->body, &map, &dims, false);
    for (int i = 0; i < old->body->nresults; i++) results[i] = map.at[old->body->results[i]->id];
    block_return(b, results, old->body->nresults);
}

Module *pass_shard(const Module *m) {
    Module *own = module_copy(m); /* transformations add functions to the module they work in */
    Map made = map_new(own->arena);
    Func *last = own->last;
    for (Func *f = own->first; f; f = f->next) {
        if (!is_part(f)) map_pmaps(f->body, &made);
        if (f == last) break;
    }
    if (last) last->next = NULL;
    own->last = last;
    Context context = { .made = &made };
    Module *sharded = walk_module(own, inst, &context);
    module_free(own);
    drop_parts(sharded);
    bool needs_world = false;
    for (const Func *f = sharded->first; f; f = f->next) needs_world |= meets_others(f->body);
    Module *after = module_rewrite(sharded, fill, &needs_world);
    module_free(sharded);
    return after;
}
