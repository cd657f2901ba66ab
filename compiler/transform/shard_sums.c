/* shard_sums: when sums over shards are begun, which of them go together, and when they are waited for.
**
** A sum is begun as soon as its terms are there and waited for where it is read: what stands between, the rest of a backward
** pass for instance, is computed while numbers travel.  Short sums wait for others of their kind, until the message is long
** or one of them is read.  All of this is decided from the program alone, so ranks begin the same sums in the same order. */
#include "transform/sharding.h"

enum { LONG = 1 << 16 /* bytes of a message that need not wait for more */ };

static bool is_sum(const Inst *in) { return in->op == OP_psum || in->op == OP_pmax || in->op == OP_pmin; }

/* Early. */

static bool is_light(const Inst *in) {
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
    bool *hurried; /* by value id: a sum, or light work for one */
} Early;

/* Whether there is a sum in the block. */
static bool find_hurried(Early *w, const Block *block) {
    bool any = false;
    Insts all = { 0 };
    for (const Inst *in = block->first; in; in = in->next) PUSH(w->m->arena, &all, in);
    for (int i = all.n - 1; i >= 0; i--) {
        const Inst *in = all.at[i];
        bool sum = is_sum(in) && speaks_of(in, w->name), hurry = sum;
        for (int k = 0; k < in->nresults && is_light(in); k++) hurry |= w->hurried[in->results[k]->id];
        for (int k = 0; k < in->nresults; k++) w->hurried[in->results[k]->id] = hurry;
        for (int k = 0; k < in->nargs && hurry; k++) w->hurried[in->args[k]->id] = true;
        any |= sum;
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

static void reorder(Early *w, const Block *block) {
    Insts waits = { 0 };
    for (const Inst *in = block->first; in; in = in->next)
        if (in->nresults && !in->nregions && w->hurried[in->results[0]->id] && (is_light(in) || is_sum(in)))
            PUSH(w->m->arena, &waits, in);
    for (const Inst *in = block->first; in; in = in->next) {
        if (in->nresults && w->value.at[in->results[0]->id]) continue;
        copy_early(w, in);
        int left = 0;
        for (int i = 0; i < waits.n; i++) {
            const Inst *next = waits.at[i];
            if (w->value.at[next->results[0]->id]) continue;
            if (is_there(w, next))
                copy_early(w, next);
            else
                waits.at[left++] = next;
        }
        waits.n = left;
    }
    Value **results = values_new(w->m->arena, block->nresults);
    for (int i = 0; i < block->nresults; i++) results[i] = w->value.at[block->results[i]->id];
    block_return(&w->b, results, block->nresults);
}

const Func *sums_early(Module *m, const Func *f, const char *name) {
    Early w = { .m = m, .name = name, .hurried = bools_new(m->arena, f->nvalues) };
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

void sums_plan(Vmap *w, const Block *block) {
    Sharding *s = w->sharding;
    Buckets open = { 0 };
    for (const Inst *in = block->first; in; in = in->next) {
        if (open.n) {
            close_read(s, &open, in->args, in->nargs);
            Values inner = in->nregions ? free_values(w->arena, in) : (Values){ 0 };
            close_read(s, &open, inner.at, inner.n);
        }
        if (!is_sum(in) || !has_lanes(w, in->args[0])) continue;
        DType dtype = in->results[0]->type->dtype;
        int64_t n, bytes = LONG;
        if (dim_is_int(type_elements(w->m->cx, in->results[0]->type), &n)) bytes = n * dtype_bytes(dtype);
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

bool sums_begin_at(const Sharding *s, const Inst *in) {
    const Bucket *b = map_get(&s->bucket, in);
    return b && b->members.at[b->members.n - 1] == in;
}

void sums_begin(Vmap *w, const Inst *last) {
    Bucket *b = map_get(&w->sharding->bucket, last);
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
        w->value.at[y->id] = ir_retype(&w->b, ended->results[i], y->type, "the axis of the collective");
    }
    b->ended = true;
}

void sums_end(Vmap *w, Value *const *read, int n) {
    for (int i = 0; i < n; i++) {
        Bucket *b = read[i]->def ? map_get(&w->sharding->bucket, read[i]->def) : NULL;
        if (b && !b->ended) end(w, b);
    }
}

void sums_end_read_by(Vmap *w, const Inst *in) {
    sums_end(w, in->args, in->nargs);
    if (!in->nregions) return;
    Values inner = free_values(w->arena, in);
    sums_end(w, inner.at, inner.n);
}
