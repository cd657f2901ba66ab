/* shard_sums: when collectives are begun, which sums go together, and when they are waited for.
**
** A collective is begun as soon as its terms are there and waited for where it is read: what stands between, the rest of a
** backward pass for instance, is computed while numbers travel; what needs it comes last.  Short sums wait for others of their
** kind, until the message is long or one of them is read.  All of this is decided from the program alone, so ranks begin the
** same collectives in the same order. */
#include "transform/sharding.h"

#include <string.h>

enum { LONG = 1 << 16 /* bytes of a message that need not wait for more */ };

static bool is_sum(const Inst *in) { return in->op == OP_psum || in->op == OP_pmax || in->op == OP_pmin; }

/* More than the shard itself knows is needed for it. */
static bool travels(const Inst *in) {
    return is_sum(in) || in->op == OP_all_gather || in->op == OP_psum_scatter || in->op == OP_all_to_all ||
           in->op == OP_ppermute;
}

/* Early, and late. */

bool is_light(const Inst *in) {
    OpClass c = op_class(in->op);
    return (c == CLASS_CREATE || c == CLASS_ELEMENTWISE || c == CLASS_LAYOUT) && inst_is_pure(in) &&
           !in->attrs->binds.n;
}

typedef struct {
    const Inst **at;
    int n, cap;
} Insts;

typedef struct {
    Module *m;
    Builder b;
    ValueMap value;
    DimMap no_sizes;
    const char *name;
    bool *hurried; /* by value id: a collective, or light work for one */
    bool *late;    /* by value id: what a collective gives is needed for it */
} Early;

/* Whether there is a collective in the block. */
static bool find_hurried(Early *w, const Block *block) {
    bool any = false;
    Insts all = { 0 };
    for (const Inst *in = block->first; in; in = in->next) PUSH(w->m->arena, &all, in);
    for (int i = all.n - 1; i >= 0; i--) {
        const Inst *in = all.at[i];
        bool goes = travels(in) && speaks_of(in, w->name), hurry = goes;
        for (int k = 0; k < in->nresults && is_light(in); k++) hurry |= w->hurried[in->results[k]->id];
        for (int k = 0; k < in->nresults; k++) w->hurried[in->results[k]->id] = hurry;
        for (int k = 0; k < in->nargs && hurry; k++) w->hurried[in->args[k]->id] = true;
        any |= goes;
        for (int r = 0; r < in->nregions; r++) any |= find_hurried(w, in->regions[r]);
    }
    return any;
}

static bool is_there(const Early *w, const Inst *in) {
    for (int i = 0; i < in->nargs; i++)
        if (!w->value.at[in->args[i]->id]) return false;
    return true;
}

static void reorder(Early *, const Block *);

static void copy_early(Early *w, const Inst *in) {
    Builder *b = &w->b;
    b->origin = in->origin;
    if (!in->nregions) {
        copy_inst(b, in, &w->value, &w->no_sizes, false);
        return;
    }
    Value **args = values_new(w->m->arena, in->nargs);
    Block **regions = NEW_ARRAY(w->m->arena, Block *, in->nregions);
    for (int i = 0; i < in->nargs; i++) args[i] = w->value.at[in->args[i]->id];
    for (int r = 0; r < in->nregions; r++) {
        const Block *old = in->regions[r];
        regions[r] = block_new(b->func, NULL);
        for (int i = 0; i < old->nparams; i++)
            w->value.at[old->params[i]->id] = block_param(regions[r], old->params[i]->type);
        builder_enter(b, regions[r]);
        reorder(w, old);
        builder_leave(b);
    }
    b->origin = in->origin;
    const Inst *copy = emit_region(b, in->op, args, in->nargs, in->attrs, regions, in->nregions);
    for (int i = 0; i < in->nresults; i++) w->value.at[in->results[i]->id] = copy->results[i];
}

/* What is computed now needs those: first what was put off for them. */
static void need(Early *w, const Inst *in);
static void need_values(Early *w, Value *const *v, int n) {
    for (int i = 0; i < n; i++)
        if (!w->value.at[v[i]->id] && v[i]->def) need(w, v[i]->def);
}
static void need(Early *w, const Inst *in) {
    need_values(w, in->args, in->nargs);
    Values inner = in->nregions ? free_values(w->m->arena, in) : (Values){ 0 };
    need_values(w, inner.at, inner.n);
    copy_early(w, in);
}

static bool any_late(const Early *w, Value *const *v, int n) {
    for (int i = 0; i < n; i++)
        if (w->late[v[i]->id]) return true;
    return false;
}

/* It needs what travels, and nothing that travels needs it. */
static bool can_wait(Early *w, const Inst *in) {
    Values inner = in->nregions ? free_values(w->m->arena, in) : (Values){ 0 };
    bool goes = travels(in) && speaks_of(in, w->name), late = goes;
    late = late || any_late(w, in->args, in->nargs) || any_late(w, inner.at, inner.n);
    for (int i = 0; i < in->nresults; i++) w->late[in->results[i]->id] = late;
    if (!late || goes || !in->nresults || !inst_is_pure(in) || in->attrs->binds.n || speaks_of(in, w->name))
        return false;
    for (int i = 0; i < in->nresults; i++)
        if (w->hurried[in->results[i]->id]) return false;
    return true;
}

/* A check that fails, or something that is printed, comes before what others learn of this shard. */
static bool is_passed_by_nothing(const Inst *in) { return !inst_is_pure(in); }

static void reorder(Early *w, const Block *block) {
    Insts hurry = { 0 }, put_off = { 0 };
    int happened = 0, before = 0; /* of that */
    int *after = NEW_ARRAY(w->m->arena, int, block->func->nvalues + 1);
    for (const Inst *in = block->first; in; in = in->next) {
        before += is_passed_by_nothing(in);
        if (!in->nresults || in->nregions || !w->hurried[in->results[0]->id] || !(is_light(in) || travels(in)))
            continue;
        after[in->results[0]->id] = before;
        PUSH(w->m->arena, &hurry, in);
    }
    for (const Inst *in = block->first; in; in = in->next) {
        happened += is_passed_by_nothing(in);
        if (in->nresults && w->value.at[in->results[0]->id]) continue;
        if (can_wait(w, in)) {
            PUSH(w->m->arena, &put_off, in);
            continue;
        }
        need(w, in);
        int left = 0;
        for (int i = 0; i < hurry.n; i++) {
            const Inst *next = hurry.at[i];
            if (w->value.at[next->results[0]->id]) continue;
            if (happened >= after[next->results[0]->id] && is_there(w, next)) {
                can_wait(w, next);
                copy_early(w, next);
            } else {
                hurry.at[left++] = next;
            }
        }
        hurry.n = left;
    }
    need_values(w, block->results, block->nresults);
    for (int i = 0; i < put_off.n; i++)
        if (!w->value.at[put_off.at[i]->results[0]->id]) need(w, put_off.at[i]);
    Value **results = values_new(w->m->arena, block->nresults);
    for (int i = 0; i < block->nresults; i++) results[i] = w->value.at[block->results[i]->id];
    block_return(&w->b, results, block->nresults);
}

const Func *collectives_early(Module *m, const Func *f, const char *name) {
    Early w = {
        .m = m, .name = name, .hurried = bools_new(m->arena, f->nvalues), .late = bools_new(m->arena, f->nvalues)
    };
    if (!find_hurried(&w, f->body)) return f;
    Func *made = func_like(m, f, "early");
    w.b = builder_new(made);
    w.value = value_map_new(m->arena, f);
    for (int i = 0; i < f->body->nparams; i++)
        w.value.at[f->body->params[i]->id] = block_param(made->body, f->body->params[i]->type);
    reorder(&w, f->body);
    return made;
}

/* Together. */

typedef struct {
    Bucket **at;
    int n, cap;
} Buckets;

static void close(Buckets *open, int i) { open->at[i] = open->at[--open->n]; }

static void close_read(Sharding *s, Buckets *open, Value *const *v, int n) {
    for (int i = 0; i < n; i++) {
        const Bucket *b = v[i]->def ? map_get(&s->bucket, v[i]->def) : NULL;
        for (int k = 0; b && k < open->n; k++)
            if (open->at[k] == b) close(open, k--);
    }
}

void collectives_plan(Vmap *w, const Block *block) {
    Sharding *s = w->sharding;
    Buckets open = { 0 };
    for (const Inst *in = block->first; in; in = in->next) {
        if (open.n) {
            close_read(s, &open, in->args, in->nargs);
            Values inner = in->nregions ? free_values(w->arena, in) : (Values){ 0 };
            close_read(s, &open, inner.at, inner.n);
        }
        if (!travels(in) || strcmp(in->attrs->name, w->name)) continue;
        bool sum = is_sum(in);
        if ((sum || in->op == OP_psum_scatter) && !has_lanes(w, in->args[0])) continue; /* all have the same */
        DType dtype = in->results[0]->type->dtype;
        int64_t n, bytes = LONG;
        if (sum && dim_is_int(type_elements(w->m->cx, in->results[0]->type), &n)) bytes = n * dtype_bytes(dtype);
        int k = 0;
        while (k < open.n && (bytes >= LONG || open.at[k]->op != in->op || open.at[k]->dtype != dtype)) k++;
        if (k == open.n) {
            PUSH(w->arena, &open, NEW(w->arena, Bucket));
            *open.at[k] = (Bucket){ .op = in->op, .dtype = dtype };
        }
        Bucket *b = open.at[k];
        map_set(&s->bucket, in, b);
        PUSH(w->arena, &b->members, in);
        b->bytes += bytes;
        if (b->bytes >= LONG) close(&open, k);
    }
}

bool is_begun_at(const Sharding *s, const Inst *in) {
    const Bucket *b = map_get(&s->bucket, in);
    return b && b->members.at[b->members.n - 1] == in;
}

void begin_bucket(Vmap *w, const Inst *last) {
    Bucket *b = map_get(&w->sharding->bucket, last);
    if (!is_sum(last)) {
        b->begun = begin_alone(w, last);
        return;
    }
    Attrs attrs = no_attrs;
    attrs.dim = w->sharding->shards;
    attrs.combine = b->op == OP_psum ? COMBINE_ADD : b->op == OP_pmax ? COMBINE_MAX : COMBINE_MIN;
    Value **terms = values_new(w->arena, b->members.n);
    for (int i = 0; i < b->members.n; i++) terms[i] = lanes_value(w, b->members.at[i]->args[0]);
    b->begun = emit_inst(&w->b, OP_shard_begin, terms, b->members.n, &attrs);
}

static void end(Vmap *w, Bucket *b) {
    int n = b->members.n;
    const Inst *begun = b->begun;
    Value **args = values_new(w->arena, 2 * n + 1);
    for (int i = 0; i < n; i++) {
        args[i] = begun->results[i];
        args[n + i] = begun->args[i];
    }
    args[2 * n] = begun->results[n];
    const Inst *ended = emit_inst(&w->b, OP_shard_end, args, 2 * n + 1, &no_attrs);
    for (int i = 0; i < n; i++) {
        const Value *y = b->members.at[i]->results[0];
        const Type *type = collective_spreads(b->op) ? type_with_lead(w->m->cx, y->type, w->lanes) : y->type;
        w->value.at[y->id] = ir_retype(&w->b, ended->results[i], type, "the axis of the collective");
    }
    b->ended = true;
}

/* Buckets that are read, one after another. */
static Bucket *next_read(Vmap *w, Value *const *v, int n, int *i) {
    while (*i < n) {
        const Value *x = v[(*i)++];
        Bucket *b = x->def ? map_get(&w->sharding->bucket, x->def) : NULL;
        if (b) return b;
    }
    return NULL;
}

static Values all_read(Vmap *w, const Inst *in) {
    Values all = in->nregions ? free_values(w->arena, in) : (Values){ 0 };
    for (int i = 0; i < in->nargs; i++) PUSH(w->arena, &all, in->args[i]);
    return all;
}

bool plan_waits(Vmap *w, const Inst *in) {
    Values read = all_read(w, in);
    bool waits = false;
    int i = 0;
    for (Bucket *b; (b = next_read(w, read.at, read.n, &i));) {
        waits |= !b->read;
        b->read = true;
    }
    return waits;
}

void end_read(Vmap *w, Value *const *read, int n) {
    int i = 0;
    for (Bucket *b; (b = next_read(w, read, n, &i));)
        if (!b->ended) end(w, b);
}

void end_read_by(Vmap *w, const Inst *in) {
    Values read = all_read(w, in);
    end_read(w, read.at, read.n);
}
