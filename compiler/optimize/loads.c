/* loads: of a file, each process reads what its shards need.
**
** A file that is read before a pmap maps over it, as it is or in another shape (each shard some of its rows), is needed whole
** nowhere: then its sizes are found first, then where this process's shards begin, and of the elements a part is read.
** What lies between is done on the part: other shapes, some of the rows, and arithmetic of elements that no row needs another for.  What pmaps
** map over, is a gather of the parts, which `spread` takes away. */
#include "optimize/optimize.h"

#include <stdio.h>
#include <string.h>

enum { MOST_PARTS = 8 }; /* of one file */

/* A process's part of the shards. */
typedef struct {
    const Inst *range, *bind;
    const Dim *shards, *here;
} Part;

/* What is wanted of a file: the part, as an array of this type, of what follows so many elements. */
typedef struct {
    const Part *part;
    const Type *type;
    const Dim *behind;
    Value **block; /* by the id of old values: that of each on the way */
} Demand;

typedef struct {
    const Inst *in;
    Demand demand[MOST_PARTS];
    int ndemands;
    bool no;             /* it is needed whole */
    const Inst *because; /* of this */
} Load;

typedef struct {
    const Inst **at;
    int n, cap;
} Insts;

/* Of one function; by the id of old values. */
typedef struct {
    Compiler *cx;
    Arena *arena;
    const Func *func;
    struct {
        Part *at;
        int n, cap;
    } parts;
    Insts loads, binders;
    Insts *uses;
    bool *leaves;       /* it is a result of a block */
    Load **of;          /* it comes from that file, on the way to where it is cut */
    unsigned *ways;     /* ... for these demands, one bit each */
    const Dim **behind; /* ... and so many elements of the file stand before it */
    Map order;          /* Inst -> how many come before it */
    Map done;           /* those that stand in the new program, maybe earlier than they did */
} Loads;

static bool inside(const Block *b, const Block *outer) {
    while (b && b != outer) b = b->parent ? b->parent->block : NULL;
    return b != NULL;
}

static void look_through(Loads *s, const Block *b, int *order) {
    for (const Inst *in = b->first; in; in = in->next) {
        map_set(&s->order, in, (void *)(intptr_t)++ * order);
        for (int i = 0; i < in->nargs; i++) PUSH(s->arena, &s->uses[in->args[i]->id], in);
        if (in->attrs->binds.n) PUSH(s->arena, &s->binders, in);
        if (in->op == OP_load) PUSH(s->arena, &s->loads, in);
        if (in->op == OP_bind_size && in->args[0]->def && in->args[0]->def->op == OP_shard_range) {
            const Inst *range = in->args[0]->def;
            Part p = { range, in, range->attrs->dim, dim_var(s->cx, in->attrs->binds.at[0]) };
            PUSH(s->arena, &s->parts, p);
        }
        for (int r = 0; r < in->nregions; r++) look_through(s, in->regions[r], order);
    }
    for (int i = 0; i < b->nresults; i++) s->leaves[b->results[i]->id] = true;
}

static intptr_t place_of(const Loads *s, const Inst *in) { return (intptr_t)map_get(&s->order, in); }

static bool is_number_of_devices(const Loads *s, const Value *v) {
    if (!v->def || v->def->op != OP_size) return false;
    for (int i = 0; i < s->binders.n; i++) {
        const Inst *in = s->binders.at[i], *from = in->op == OP_bind_size ? in->args[0]->def : NULL;
        if (from && from->op == OP_world_info && v->def->attrs->dim == dim_var(s->cx, in->attrs->binds.at[0]))
            return true;
    }
    return false;
}

/* Arithmetic of numbers, and what begins a part, that may be done earlier. */
static bool is_plain(const Loads *s, const Inst *in) {
    if (in->nresults && in->results[0]->type->rank) return false;
    switch (in->op) {
    case OP_shard_range:
    case OP_world_info:
    case OP_bind_size:
    case OP_size:
    case OP_constant: return true;
    case OP_int_floordiv: return is_number_of_devices(s, in->args[1]); /* which is not 0 */
    default: return op_class(in->op) == CLASS_ELEMENTWISE && inst_effect(in) == EFFECT_NONE;
    }
}

/* Whether it may stand where the file is read; likewise what says a size. */
static bool can_come(const Loads *s, const Inst *in, const Inst *load);
static bool size_can_come(const Loads *s, const Dim *d, const Inst *load) {
    for (int i = 0; d && i < s->binders.n; i++)
        for (int k = 0; k < s->binders.at[i]->attrs->binds.n; k++)
            if (dim_mentions(d, s->binders.at[i]->attrs->binds.at[k]) && !can_come(s, s->binders.at[i], load))
                return false;
    return true;
}
static bool can_come(const Loads *s, const Inst *in, const Inst *load) {
    if (place_of(s, in) <= place_of(s, load)) return inside(load->block, in->block);
    if (!is_plain(s, in) || in->block != load->block) return false;
    for (int i = 0; i < in->nargs; i++)
        if (!in->args[i]->def || !can_come(s, in->args[i]->def, load)) return false;
    return size_can_come(s, in->attrs->dim, load);
}

/* The part that an array of that type is cut into by its first axis. */
static const Part *part_at(const Loads *s, const Load *l, const Type *t) {
    for (int i = 0; i < t->rank; i++)
        if (!size_can_come(s, t->dim[i], l->in)) return NULL;
    for (int i = 0; i < s->parts.n && t->rank; i++) {
        const Part *p = &s->parts.at[i];
        if (p->shards == t->dim[0] && can_come(s, p->bind, l->in)) return p;
    }
    return NULL;
}

static bool same_shape(const Type *a, const Type *b) {
    bool same = a->rank == b->rank;
    for (int i = 0; i < a->rank && same; i++) same = a->dim[i] == b->dim[i];
    return same;
}

static bool is_uniform(const Value *v) { return v->def && v->def->op == OP_constant && v->def->attrs->data.n == 1; }

/* The same for each row of an array of that type. */
static bool is_same_for_rows(const Value *v) {
    return v->def && v->def->op == OP_broadcast && (!v->def->attrs->map.n || v->def->attrs->map.at[0] > 0);
}

/* It has the rows of x, cut further or not. */
static bool has_rows_of(const Type *t, const Type *x) {
    int more = t->rank - x->rank;
    for (int i = 1; i < x->rank; i++)
        if (more < 0 || t->dim[i + more] != x->dim[i]) return false;
    return more >= 0;
}

/* Some of the rows that follow each other; from which row on. */
static const Dim *first_row_of(const Inst *in) {
    const Type *x = in->args[0]->type;
    if (in->op != OP_slice || in->attrs->stride.at[0] != 1) return NULL;
    for (int i = 1; i < x->rank; i++)
        if (in->results[0]->type->dim[i] != x->dim[i]) return NULL;
    return in->attrs->start.at[0];
}

/* An operation that can be done on the part of v; what else it reads can, too. */
static bool is_on_the_way(const Loads *s, const Inst *in, const Value *v, const Load *l) {
    if (in->nresults != 1 || in->nregions) return false;
    if (in->op == OP_reshape || in->op == OP_retype || first_row_of(in)) return true;
    if (op_class(in->op) != CLASS_ELEMENTWISE || inst_effect(in) != EFFECT_NONE) return false;
    if (!same_shape(in->results[0]->type, v->type)) return false;
    for (int i = 0; i < in->nargs; i++) {
        const Value *x = in->args[i];
        bool here = s->of[x->id] == l && s->behind[x->id] == s->behind[v->id];
        if (!here && (s->of[x->id] || (!is_uniform(x) && !is_same_for_rows(x)))) return false;
    }
    return true;
}

static bool is_demand(const Demand *d, const Part *p, const Type *t, const Dim *behind) {
    return d->part == p && d->behind == behind && same_shape(d->type, t);
}

static unsigned demand_of(Loads *s, Load *l, const Part *p, const Value *v) {
    const Dim *behind = s->behind[v->id];
    int i = 0;
    while (i < l->ndemands && !is_demand(&l->demand[i], p, v->type, behind)) i++;
    if (i == MOST_PARTS) return l->no = true, 0;
    if (i == l->ndemands)
        l->demand[l->ndemands++] = (Demand){ p, v->type, behind, NEW_ARRAY(s->arena, Value *, s->func->nvalues + 1) };
    return 1u << i;
}

static const Dim *elements_of_row(Compiler *cx, const Type *t) { return dim_product(cx, t->dim + 1, t->rank - 1); }

/* From a file to where its elements stand shard by shard. */
static unsigned follow(Loads *s, Load *l, const Value *v, const Dim *behind) {
    if (s->of[v->id]) return l->no |= s->of[v->id] != l, s->ways[v->id];
    s->of[v->id] = l;
    s->behind[v->id] = behind;
    const Part *p = size_can_come(s, behind, l->in) ? part_at(s, l, v->type) : NULL;
    unsigned ways = p ? demand_of(s, l, p, v) : 0;
    l->no |= !p && s->leaves[v->id];
    for (int i = 0; i < s->uses[v->id].n && !p && !l->no; i++) {
        const Inst *in = s->uses[v->id].at[i];
        if (!is_on_the_way(s, in, v, l)) l->no = true, l->because = in;
        const Dim *row = first_row_of(in);
        const Dim *skipped = row ? dim_mul(s->cx, row, elements_of_row(s->cx, v->type)) : dim_int(s->cx, 0);
        if (!l->no) ways |= follow(s, l, in->results[0], dim_add(s->cx, behind, skipped));
    }
    return s->ways[v->id] = ways;
}

static bool is_cut(const Loads *s, const Value *v) {
    const Load *l = s->of[v->id];
    unsigned ways = l ? s->ways[v->id] : 0;
    return ways && !(ways & (ways - 1)) && same_shape(l->demand[__builtin_ctz(ways)].type, v->type) &&
           l->demand[__builtin_ctz(ways)].behind == s->behind[v->id];
}

/* What stands in the way of doing it on a part: a row that meets other rows than its own. */
static void check_rows(const Loads *s, Load *l) {
    for (int i = 0; i < s->func->nvalues; i++) {
        for (int u = 0; s->of[i] == l && u < s->uses[i].n; u++) {
            const Inst *in = s->uses[i].at[u];
            const Value *y = in->nresults == 1 ? in->results[0] : NULL;
            if (!y || s->of[y->id] != l || op_class(in->op) != CLASS_ELEMENTWISE) continue;
            for (int a = 0; a < in->nargs; a++)
                for (int d = 0; d < l->ndemands; d++)
                    if (s->ways[y->id] & 1u << d)
                        l->no |= s->of[in->args[a]->id] != l && !is_uniform(in->args[a]) &&
                                 !has_rows_of(l->demand[d].type, y->type);
        }
    }
}

static void give_up(Loads *s, const Load *l) {
    for (int i = 0; i < s->func->nvalues; i++)
        if (s->of[i] == l) s->of[i] = NULL;
}

/* Where the user wrote it: "file:3:5", or nothing. */
static const char *place(const Loads *s, const Inst *in) {
    const Origin *o = in->origin;
    int line, column;
    while (o && o->caller && (!o->span.file || source_of(s->cx, o->span.file)->library)) o = o->caller;
    if (!o || !o->span.file) return "";
    line_column(s->cx, o->span, &line, &column);
    return arena_text(s->arena, "%s:%d:%d", source_of(s->cx, o->span.file)->path, line, column);
}

/* For --why=loads, where something maps over shards at all. */
static void say_why(const Loads *s, const Load *l) {
    if (!s->cx->options.why || strcmp(s->cx->options.why, "loads")) return;
    const char *at = place(s, l->in), *because = l->because ? place(s, l->because) : "";
    fprintf(stderr, "%s%severy process gets all of the file", at, *at ? ": " : "");
    if (l->because) fprintf(stderr, ": %s reads it outside of pmap", op_name(l->because->op));
    fprintf(stderr, "%s%s\n", *because ? ", at " : "", because);
}

static bool is_own(const Block *b) {
    for (; b; b = b->parent ? b->parent->block : NULL)
        if (b->parent && b->parent->attrs->own) return true;
    return false;
}

static Loads *loads_of(Arena *arena, const Func *f) {
    Loads *s = NEW(arena, Loads);
    int order = 0;
    *s = (Loads){ .cx = f->module->cx,
                  .arena = arena,
                  .func = f,
                  .uses = NEW_ARRAY(arena, Insts, f->nvalues + 1),
                  .leaves = NEW_ARRAY(arena, bool, f->nvalues + 1),
                  .of = NEW_ARRAY(arena, Load *, f->nvalues + 1),
                  .ways = NEW_ARRAY(arena, unsigned, f->nvalues + 1),
                  .behind = NEW_ARRAY(arena, const Dim *, f->nvalues + 1),
                  .order = map_new(arena),
                  .done = map_new(arena) };
    look_through(s, f->body, &order);
    for (int i = 0; i < s->loads.n && s->parts.n; i++) {
        Load *l = NEW(arena, Load);
        l->in = s->loads.at[i];
        l->no = is_own(l->in->block);
        if (!l->no) follow(s, l, l->in->results[0], dim_int(s->cx, 0));
        if (!l->no) check_rows(s, l);
        if (l->no || !l->ndemands) {
            say_why(s, l);
            give_up(s, l);
        }
    }
    return s;
}

/* Writing the program anew. */

static void bring(Walk *w, const Inst *in);
static void bring_size(Walk *w, const Dim *d) {
    const Loads *s = w->context;
    for (int i = 0; d && i < s->binders.n; i++)
        for (int k = 0; k < s->binders.at[i]->attrs->binds.n; k++)
            if (dim_mentions(d, s->binders.at[i]->attrs->binds.at[k])) bring(w, s->binders.at[i]);
}
static void bring(Walk *w, const Inst *in) {
    Loads *s = w->context;
    if (map_get(&s->done, in)) return;
    for (int i = 0; i < in->nargs; i++) bring(w, in->args[i]->def);
    bring_size(w, in->attrs->dim);
    map_set(&s->done, in, s);
    walk_copy(w, in);
}

static const Type *type_here(Walk *w, const Demand *d, DType dtype) {
    const Type *t = type_with_lead(w->b.cx, type_without_lead(w->b.cx, d->type), d->part->here);
    return type_of(w->b.cx, dtype, t->rank, t->dim);
}

static void load_parts(Walk *w, const Load *l) {
    Builder *b = &w->b;
    const Value *y = l->in->results[0];
    Value *args[1 + MOST_PARTS], **old = NEW_ARRAY(b->arena, Value *, l->in->nargs + 1);
    const Dim *count[MOST_PARTS];
    for (int i = 0; i < l->in->nargs; i++) old[i] = walk_value(w, l->in->args[i]);
    args[0] = emit_inst(b, OP_load_open, old, l->in->nargs, l->in->attrs)->results[0];
    for (int i = 0; i < l->ndemands; i++) {
        const Demand *d = &l->demand[i];
        bring(w, d->part->bind);
        for (int k = 0; k < d->type->rank; k++) bring_size(w, d->type->dim[k]);
        bring_size(w, d->behind);
        const Dim *each = elements_of_row(b->cx, d->type); /* of a shard */
        Value *first = ir_mul(b, walk_value(w, d->part->range->results[0]), ir_size(b, each));
        args[1 + i] = dim_is(d->behind, 0) ? first : ir_add(b, first, ir_size(b, d->behind));
        count[i] = dim_mul(b->cx, d->part->here, each);
    }
    Attrs attrs = no_attrs;
    attrs.dtype = y->type->dtype;
    attrs.shape = dims_of(b->arena, l->ndemands, count);
    b->origin = l->in->origin;
    const Inst *read = emit_inst(b, OP_load_parts, args, 1 + l->ndemands, &attrs);
    for (int i = 0; i < l->ndemands; i++)
        l->demand[i].block[y->id] = ir_reshape(b, read->results[i], type_here(w, &l->demand[i], y->type->dtype));
}

/* The sizes that are said to be equal. */
static void check_sizes(Walk *w, const Inst *in) {
    Builder *b = &w->b;
    const Type *x = in->args[0]->type, *y = in->results[0]->type;
    for (int i = 0; i < x->rank; i++) {
        if (x->dim[i] == y->dim[i]) continue;
        Value *args[] = { NULL, ir_size(b, x->dim[i]), ir_size(b, y->dim[i]) };
        args[0] = ir_eq(b, args[1], args[2]);
        Attrs attrs = no_attrs;
        attrs.format = name_of(b->cx, arena_text(b->arena, "%s: axis %d has size {1!ps}, not {2!ps}",
                                                 in->attrs->message ? in->attrs->message : "array", i));
        emit_inst(b, OP_assert, args, 3, &attrs);
    }
}

static Value *operand(Walk *w, const Demand *d, const Value *x) {
    Builder *b = &w->b;
    if (d->block[x->id]) return d->block[x->id];
    const Type *type = type_here(w, d, x->type->dtype);
    Attrs attrs = *x->def->attrs;
    attrs.shape = dims_of(b->arena, type->rank, type->dim);
    if (x->def->op == OP_constant) return emit(b, OP_constant, NULL, 0, &attrs);
    int64_t map[MAX_RANK];
    for (int i = 0; i < attrs.map.n; i++) map[i] = attrs.map.at[i] + type->rank - x->type->rank;
    return ir_broadcast(b, walk_value(w, x->def->args[0]), type, map);
}

static void on_part(Walk *w, const Inst *in, const Demand *d) {
    Builder *b = &w->b;
    Value **args = NEW_ARRAY(b->arena, Value *, in->nargs + 1);
    bool same = op_class(in->op) != CLASS_ELEMENTWISE;
    for (int i = 0; i < in->nargs && !same; i++) args[i] = operand(w, d, in->args[i]);
    d->block[in->results[0]->id] = same ? d->block[in->args[0]->id] : emit(b, in->op, args, in->nargs, in->attrs);
}

static void inst(Walk *w, const Inst *in) {
    if (!w->context) w->context = loads_of(w->b.arena, in->block->func);
    Loads *s = w->context;
    const Value *y = in->nresults ? in->results[0] : NULL;
    Load *l = y ? s->of[y->id] : NULL;
    if (map_get(&s->done, in)) return;
    map_set(&s->done, in, s);
    if (!l) {
        walk_copy(w, in);
        return;
    }
    if (in == l->in) load_parts(w, l);
    if (in->op == OP_retype) check_sizes(w, in);
    for (int i = 0; i < l->ndemands && in != l->in; i++)
        if (s->ways[y->id] & 1u << i) on_part(w, in, &l->demand[i]);
    if (!is_cut(s, y)) return;
    const Demand *d = &l->demand[__builtin_ctz(s->ways[y->id])];
    Attrs attrs = no_attrs;
    attrs.dim = d->part->shards;
    w->map.at[y->id] = emit(&w->b, OP_shard_gather, &d->block[y->id], 1, &attrs);
}

Module *pass_loads(const Module *m) { return walk_module(m, inst, NULL); }
