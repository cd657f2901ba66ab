/* spread: what shards have given stays where it is until somebody needs it whole.
**
** After `shard` each result of a pmap is gathered from the blocks of all processes, and what a pmap maps over is cut to the
** block.  Here values are found that have a block of their own: what is gathered, what is computed from that shard by shard,
** and what a loop or branch hands on of it.  Such a value is computed on its block; a sum over its shards is a sum over what
** processes have; where a few shards are picked, they are sent; and it is gathered where it is used in another way, if it ever is. */
#include "optimize/optimize.h"

/* A process's part of the shards. */
typedef struct {
    const Value *first;
    const Dim *here, *shards;
    const Block *known_in;
} Part;

/* Of one function; by the id of old values. */
typedef struct {
    Arena *arena;
    struct {
        Part **at;
        int n, cap;
    } parts;
    const Part **of; /* whose blocks it has; NULL: it is whole */
    bool *asked;     /* it is needed whole, too */
    bool *whole;     /* better computed whole: what it comes from is needed whole, as it is itself */
    int64_t *picked; /* how many shards of it are picked, in all */
    Value **block;   /* what its block has become */
    struct {
        const Value **at;
        int n, cap;
    } gathered; /* in the blocks that are walked through, innermost last */
    bool changed;
} Spread;

static bool inside(const Block *b, const Block *outer) {
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

static const Part *part_of(const Spread *s, const Value *v) { return s->of[v->id]; }

static const Part *part_with(const Spread *s, const Dim *here) {
    for (int i = 0; i < s->parts.n; i++)
        if (s->parts.at[i]->here == here) return s->parts.at[i];
    return NULL;
}

static void has_blocks(Spread *s, const Value *v, const Part *p) {
    const Type *t = v->type;
    if (s->of[v->id] || s->whole[v->id] || !t->rank || t->dim[0] != p->shards) return;
    s->of[v->id] = p;
    s->changed = true;
}

static bool is_zero(const Value *v) {
    return v->def && v->def->op == OP_constant && element_int(v->type->dtype, v->def->attrs->data.bytes) == 0;
}

/* What is done shard by shard. */
static const Part *part_of_result(const Spread *s, const Inst *in) {
    const Value *x = in->nargs ? in->args[0] : NULL;
    const Part *p = x ? part_of(s, x) : NULL;
    const Attrs *a = in->attrs;
    if (in->nregions || !x) return NULL;
    switch (in->op) {
    case OP_broadcast: return p && a->map.at[0] == 0 ? p : NULL;
    case OP_transpose: return p && a->perm.at[0] == 0 ? p : NULL;
    case OP_reshape:
    case OP_retype: return p; /* if the first axis is as long as it was */
    case OP_slice: return p && a->stride.at[0] == 1 && in->results[0]->type->dim[0] == p->shards ? p : NULL;
    case OP_dynamic_slice: return p && is_zero(in->args[1]) && in->results[0]->type->dim[0] == p->shards ? p : NULL;
    default: break;
    }
    if (op_class(in->op) == CLASS_REDUCE)
        return p && op_has_attr(in->op, ATTR_INDEX_axes) && a->axes.n && a->axes.at[0] ? p : NULL;
    if (op_class(in->op) != CLASS_ELEMENTWISE) return NULL;
    for (int i = 1; i < in->nargs && !p; i++) p = part_of(s, in->args[i]);
    return p;
}

/* A sum over the shards, and maybe more. */
static bool sums_up(const Spread *s, const Inst *in) {
    return (in->op == OP_reduce_sum || in->op == OP_reduce_max || in->op == OP_reduce_min) && in->attrs->axes.n &&
           !in->attrs->axes.at[0] && part_of(s, in->args[0]) && in->results[0]->type->dtype != DT_bool;
}

static bool cuts(const Spread *s, const Inst *in) {
    const Part *p = in->op == OP_dynamic_slice ? part_of(s, in->args[0]) : NULL;
    return p && in->args[1] == p->first && in->results[0]->type->dim[0] == p->here;
}

/* How many shards it picks, where that is known and nothing repeats it; 0 for other instructions. */
static int64_t picks(const Spread *s, const Inst *in) {
    const Value *x = in->op == OP_slice || in->op == OP_dynamic_slice ? in->args[0] : NULL;
    int64_t n;
    if (!x || !part_of(s, x) || cuts(s, in) || part_of(s, in->results[0])) return 0;
    if (in->op == OP_slice && in->attrs->stride.at[0] != 1) return 0;
    for (const Block *b = in->block; b != x->block; b = b->parent->block)
        if (b->parent->op != OP_cond) return 0;
    return dim_is_int(in->results[0]->type->dim[0], &n) ? n : 0;
}

static void count_picked(Spread *s, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        int64_t n = picks(s, in);
        if (n) s->picked[in->args[0]->id] += n;
        for (int r = 0; r < in->nregions; r++) count_picked(s, in->regions[r]);
    }
}

/* It picks shards of what few are picked of: they travel, and not all. */
static bool picks_few(const Spread *s, const Inst *in) {
    if (!picks(s, in)) return false;
    int64_t picked = s->picked[in->args[0]->id], all;
    return dim_is_int(part_of(s, in->args[0])->shards, &all) ? 2 * picked <= all : picked <= 2;
}

static bool is_loop(const Inst *in) { return in->op == OP_for || in->op == OP_while; }
static const Block *body_of(const Inst *loop) { return loop->regions[loop->nregions - 1]; }

static bool hands_on(const Inst *in, int result) {
    return in->op == OP_cond || (is_loop(in) && result < in->attrs->carries);
}

/* Finding them, until there are no more. */

static void look_at(Spread *s, const Inst *in);

static void look_through(Spread *s, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) look_at(s, in);
}

static void look_at_carry(Spread *s, const Inst *in, int i) {
    const Part *p = part_of(s, body_of(in)->results[i]);
    if (!p || !inside(in->block, p->known_in) || in->args[i]->type != in->results[i]->type) return;
    for (int r = 0; r < in->nregions; r++) has_blocks(s, in->regions[r]->params[(in->op == OP_for) + i], p);
    has_blocks(s, in->results[i], p);
}

static void look_at_sides(Spread *s, const Inst *in, int i) {
    const Part *p = part_of(s, in->regions[0]->results[i]);
    for (int r = 1; r < in->nregions; r++)
        if (part_of(s, in->regions[r]->results[i]) != p) return;
    if (p && inside(in->block, p->known_in)) has_blocks(s, in->results[i], p);
}

static void look_at(Spread *s, const Inst *in) {
    for (int r = 0; r < in->nregions; r++) look_through(s, in->regions[r]);
    if (in->op == OP_bind_size && in->args[0]->def && in->args[0]->def->op == OP_shard_range) {
        const Inst *range = in->args[0]->def;
        const Dim *here = dim_var(in->block->func->module->cx, in->attrs->binds.at[0]);
        if (part_with(s, here)) return;
        Part *p = NEW(s->arena, Part);
        *p = (Part){ range->results[0], here, range->attrs->dim, in->block };
        PUSH(s->arena, &s->parts, p);
    } else if (in->op == OP_shard_gather) {
        const Part *p = part_with(s, in->args[0]->type->dim[0]);
        if (p) has_blocks(s, in->results[0], p);
    } else if (in->nregions) {
        for (int i = 0; i < in->nresults; i++)
            if (hands_on(in, i)) (is_loop(in) ? look_at_carry : look_at_sides)(s, in, i);
    } else {
        const Part *p = part_of_result(s, in);
        for (int i = 0; i < in->nresults && p; i++) has_blocks(s, in->results[i], p);
    }
}

/* Whether the block of that argument will do. */
static bool takes_block(const Spread *s, const Inst *in, int arg) {
    if (in->nregions) return is_loop(in) && arg < in->attrs->carries && part_of(s, in->results[arg]);
    return (arg == 0 && (cuts(s, in) || picks_few(s, in))) || sums_up(s, in) ||
           (in->nresults && part_of(s, in->results[0]));
}

static bool hands_block_on(const Spread *s, const Block *b, int result) {
    const Inst *in = b->parent;
    if (!in || (in->op == OP_while && b != body_of(in))) return false;
    return hands_on(in, result) && part_of(s, in->results[result]);
}

static void ask(Spread *s, const Block *b) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++)
            if (!takes_block(s, in, i)) s->asked[in->args[i]->id] = true;
        for (int r = 0; r < in->nregions; r++) ask(s, in->regions[r]);
    }
    for (int i = 0; i < b->nresults; i++)
        if (!hands_block_on(s, b, i)) s->asked[b->results[i]->id] = true;
}

/* One that is needed whole, and so is all that it is made of, is not gathered again. */
static bool give_up(Spread *s, const Block *b) {
    bool any = false;
    for (const Inst *in = b->first; in; in = in->next) {
        for (int r = 0; r < in->nregions; r++) any |= give_up(s, in->regions[r]);
        if (in->nregions || in->op == OP_shard_gather || !in->nresults || !part_of(s, in->results[0])) continue;
        bool all = true, one = false;
        for (int i = 0; i < in->nresults; i++) one |= s->asked[in->results[i]->id];
        for (int i = 0; i < in->nargs; i++) all &= !part_of(s, in->args[i]) || s->asked[in->args[i]->id];
        for (int i = 0; i < in->nresults && one && all; i++) any = s->whole[in->results[i]->id] = true;
    }
    return any;
}

static Spread *spread_of(Arena *arena, const Func *f) {
    Spread *s = NEW(arena, Spread);
    s->arena = arena;
    s->whole = NEW_ARRAY(arena, bool, f->nvalues + 1);
    s->block = NEW_ARRAY(arena, Value *, f->nvalues + 1);
    do {
        s->of = NEW_ARRAY(arena, const Part *, f->nvalues + 1);
        s->asked = NEW_ARRAY(arena, bool, f->nvalues + 1);
        do {
            s->changed = false;
            look_through(s, f->body);
        } while (s->changed);
        s->picked = NEW_ARRAY(arena, int64_t, f->nvalues + 1);
        count_picked(s, f->body);
        ask(s, f->body);
    } while (give_up(s, f->body));
    return s;
}

/* Writing the program anew. */

static Value *whole_of(Walk *w, const Value *v) {
    Spread *s = w->context;
    Value *block = s->block[v->id];
    if (w->map.at[v->id] || !block) return walk_value(w, v);
    Attrs attrs = no_attrs;
    attrs.dim = part_of(s, v)->shards;
    PUSH(s->arena, &s->gathered, v);
    return w->map.at[v->id] = emit(&w->b, OP_shard_gather, &block, 1, &attrs);
}

static const Type *type_here(Walk *w, const Type *t, const Part *p) {
    return type_with_lead(w->b.cx, type_without_lead(w->b.cx, t), p->here);
}

static Value *block_of(Walk *w, const Value *v, const Part *p) {
    Builder *b = &w->b;
    const Spread *s = w->context;
    Value *x = s->block[v->id], *starts[MAX_RANK];
    if (x) return x;
    x = walk_value(w, v);
    if (!x->type->rank) return x; /* an index */
    for (int i = 0; i < x->type->rank; i++) starts[i] = i ? ir_i64(b, 0) : walk_value(w, p->first);
    return ir_dynamic_slice(b, x, starts, type_here(w, x->type, p));
}

static void on_block(Walk *w, const Inst *in, const Part *p) {
    Builder *b = &w->b;
    Spread *s = w->context;
    Attrs attrs = *in->attrs;
    Value **x = NEW_ARRAY(b->arena, Value *, in->nargs + 1);
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < in->nargs; i++) x[i] = block_of(w, in->args[i], p);
    if (op_has_attr(in->op, ATTR_INDEX_shape)) {
        for (int i = 0; i < attrs.shape.n; i++) dim[i] = i ? attrs.shape.at[i] : p->here;
        attrs.shape.at = dim;
    }
    if (in->op == OP_slice) {
        for (int i = 0; i < attrs.limit.n; i++) dim[i] = i ? attrs.limit.at[i] : p->here;
        attrs.limit.at = dim;
    }
    if (in->nresults == 1) {
        s->block[in->results[0]->id] = emit(b, in->op, x, in->nargs, &attrs);
        return;
    }
    const Inst *made = emit_inst(b, in->op, x, in->nargs, &attrs);
    for (int i = 0; i < in->nresults; i++) s->block[in->results[i]->id] = made->results[i];
}

/* Along the axes of a shard, in the shapes of one shard. */
static Value *sum_of_shards(Walk *w, const Inst *in, Value *x, const Part *p) {
    Builder *b = &w->b;
    int64_t axes[MAX_RANK];
    int n = (int)in->attrs->axes.n - 1;
    if (!n) return x;
    for (int i = 0; i < n; i++) axes[i] = in->attrs->axes.at[i + 1] - 1;
    Block *body = block_new(b->func, NULL);
    block_param(body, type_scalar(b->cx, DT_i64));
    Value *one = block_param(body, type_without_lead(b->cx, x->type));
    builder_enter(b, body);
    Value *sum = ir_reduce(b, in->op, one, n, axes);
    block_return(b, &sum, 1);
    builder_leave(b);
    Attrs attrs = no_attrs;
    attrs.trip = p->here;
    return emit_region(b, OP_for, &x, 1, &attrs, &body, 1)->results[0];
}

static Value *sum_over_shards(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Part *p = part_of(w->context, in->args[0]);
    Attrs attrs = no_attrs;
    attrs.dim = p->shards;
    attrs.combine = in->op == OP_reduce_sum ? COMBINE_ADD : in->op == OP_reduce_max ? COMBINE_MAX : COMBINE_MIN;
    Value *x = sum_of_shards(w, in, block_of(w, in->args[0], p), p);
    const Inst *begun = emit_inst(b, OP_shard_begin, &x, 1, &attrs);
    Value *args[] = { begun->results[0], x, begun->results[1] };
    return emit_inst(b, OP_shard_end, args, 3, &no_attrs)->results[0];
}

/* Cut along the other axes first. */
static void pick(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Part *p = part_of(w->context, in->args[0]);
    const Type *y = in->results[0]->type;
    const Dim *start[MAX_RANK], *limit[MAX_RANK], *one = dim_int(b->cx, 1);
    Value *x = block_of(w, in->args[0], p), *starts[MAX_RANK], *args[2];
    if (in->op == OP_slice) {
        for (int i = 0; i < y->rank; i++) {
            start[i] = i ? in->attrs->start.at[i] : dim_int(b->cx, 0);
            limit[i] = i ? in->attrs->limit.at[i] : p->here;
        }
        args[0] = ir_slice(b, x, start, limit, in->attrs->stride.at);
        args[1] = ir_size(b, in->attrs->start.at[0]);
    } else {
        for (int i = 0; i < y->rank; i++) starts[i] = i ? walk_value(w, in->args[1 + i]) : ir_i64(b, 0);
        args[0] = ir_dynamic_slice(b, x, starts, type_here(w, y, p));
        args[1] = ir_convert(b, walk_value(w, in->args[1]), DT_i64);
    }
    args[1] = ir_reshape(b, args[1], type_of(b->cx, DT_i64, 1, &one));
    Attrs attrs = no_attrs;
    attrs.dim = p->shards;
    attrs.shape = dims_of(b->arena, y->rank, y->dim);
    w->map.at[in->results[0]->id] = emit(b, OP_shard_take, args, 2, &attrs);
}

/* Its block or the whole, as `part` says. */
static Value *as_wanted(Walk *w, const Value *v, const Part *part) {
    return part ? block_of(w, v, part) : whole_of(w, v);
}

static void walk_region(Walk *w, const Inst *in, int r, Block **made) {
    Spread *s = w->context;
    const Block *old = in->regions[r];
    *made = block_new(w->b.func, NULL);
    for (int i = 0; i < old->nparams; i++) {
        const Value *x = old->params[i];
        const Part *p = part_of(s, x);
        Value *param = block_param(*made, p ? type_here(w, x->type, p) : x->type);
        *(p ? &s->block[x->id] : &w->map.at[x->id]) = param;
    }
    builder_enter(&w->b, *made);
    walk_block(w, old);
    builder_leave(&w->b);
}

static bool asks_for(const Spread *s, const Block *b, const Value *v) {
    for (const Inst *in = b->first; in; in = in->next) {
        for (int i = 0; i < in->nargs; i++)
            if (in->args[i] == v && !takes_block(s, in, i)) return true;
        for (int r = 0; r < in->nregions; r++)
            if (asks_for(s, in->regions[r], v)) return true;
    }
    for (int i = 0; i < b->nresults; i++)
        if (b->results[i] == v && !hands_block_on(s, b, i)) return true;
    return false;
}

/* What a loop needs whole of the values around it is gathered once. */
static void gather_for(Walk *w, const Inst *loop) {
    const Spread *s = w->context;
    FreeValues free = free_values(s->arena, loop);
    for (int i = 0; i < free.n; i++) {
        bool asked = false;
        for (int r = 0; r < loop->nregions && part_of(s, free.at[i]); r++)
            asked |= asks_for(s, loop->regions[r], free.at[i]);
        if (asked) whole_of(w, free.at[i]);
    }
}

static void walk_control(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    Spread *s = w->context;
    Value **args = NEW_ARRAY(b->arena, Value *, in->nargs + 1);
    Block **regions = NEW_ARRAY(b->arena, Block *, in->nregions + 1);
    if (in->op != OP_cond) gather_for(w, in);
    for (int i = 0; i < in->nargs; i++)
        args[i] = as_wanted(w, in->args[i], takes_block(s, in, i) ? part_of(s, in->results[i]) : NULL);
    for (int r = 0; r < in->nregions; r++) walk_region(w, in, r, &regions[r]);
    b->origin = in->origin;
    const Inst *made = emit_region(b, in->op, args, in->nargs, in->attrs, regions, in->nregions);
    for (int i = 0; i < in->nresults; i++)
        *(part_of(s, in->results[i]) ? &s->block[in->results[i]->id] : &w->map.at[in->results[i]->id]) =
            made->results[i];
}

static void walk_inst(Walk *w, const Inst *in) {
    Spread *s = w->context;
    const Part *p = in->nresults ? part_of(s, in->results[0]) : NULL;
    if (in->nregions)
        walk_control(w, in);
    else if (p && in->op == OP_shard_gather)
        s->block[in->results[0]->id] = walk_value(w, in->args[0]);
    else if (p)
        on_block(w, in, p);
    else if (cuts(s, in))
        w->map.at[in->results[0]->id] = block_of(w, in->args[0], part_of(s, in->args[0]));
    else if (picks_few(s, in) && !s->asked[in->args[0]->id])
        pick(w, in);
    else if (sums_up(s, in))
        w->map.at[in->results[0]->id] = sum_over_shards(w, in);
    else {
        for (int i = 0; i < in->nargs; i++) whole_of(w, in->args[i]);
        walk_copy(w, in);
    }
}

/* What is gathered in a block is known in it and those inside it. */
static void walk_one_block(Walk *w, const Block *block) {
    if (!block->parent) w->context = spread_of(w->b.arena, block->func);
    Spread *s = w->context;
    int before = s->gathered.n;
    for (const Inst *in = block->first; in; in = in->next) {
        w->b.origin = in->origin;
        walk_inst(w, in);
    }
    Value **results = NEW_ARRAY(w->b.arena, Value *, block->nresults + 1);
    for (int i = 0; i < block->nresults; i++)
        results[i] =
            as_wanted(w, block->results[i], hands_block_on(s, block, i) ? part_of(s, block->parent->results[i]) : NULL);
    if (!block->parent) return; /* the function's results are returned by who called */
    block_return(&w->b, results, block->nresults);
    while (s->gathered.n > before) w->map.at[s->gathered.at[--s->gathered.n]->id] = NULL;
}

Module *pass_spread(const Module *m) { return walk_module_blocks(m, walk_one_block); }
