/* lower: functions of the tensor IR as functions of the loop IR.
**
** Numbers (rank 0) are kept in registers; every array has memory of its own, taken where it is made and given back where the
** block ends that it belongs to.  What a block hands on is copied to where it is wanted. */
#include "loop/lower.h"

#include <string.h>

/* sizes */

static LValue *lower_floor(Lower *l, Op op, const Dim *a, const Dim *c) {
    LBuilder *b = &l->b;
    LValue *x = lower_dim(l, a), *y = lower_dim(l, c);
    const Dim *zero = dim_int(l->cx, 0), *one = dim_int(l->cx, 1);
    if (dim_at_least(l->cx, a, zero) && dim_at_least(l->cx, c, one)) return loop_binary(b, op, x, y);
    LValue *q = loop_apply(b, OP_div, 2, (LValue *[]){ x, y }), *r = loop_sub(b, x, loop_mul(b, q, y));
    LValue *none = loop_i64(b, 0);
    LValue *signs = loop_binary(b, OP_lt, loop_binary(b, OP_xor, r, y), none);
    LValue *adjust = loop_binary(b, OP_and, signs, loop_binary(b, OP_ne, r, none));
    if (op == OP_div) return loop_select(b, adjust, loop_sub(b, q, loop_i64(b, 1)), q);
    return loop_select(b, adjust, loop_add(b, r, y), r);
}

static LValue *lower_atom(Lower *l, const Atom *a) {
    LBuilder *b = &l->b;
    LValue *v;
    switch (a->kind) {
    case ATOM_VAR:
        v = map_get(&l->sizes, a->var);
        if (!v) bug(l->cx, "size %s is not known here", a->var->name);
        return v;
    case ATOM_FLOORDIV: return lower_floor(l, OP_div, a->a, a->b);
    case ATOM_MOD: return lower_floor(l, OP_rem, a->a, a->b);
    case ATOM_MIN: return loop_binary(b, OP_min, lower_dim(l, a->a), lower_dim(l, a->b));
    default: return loop_binary(b, OP_max, lower_dim(l, a->a), lower_dim(l, a->b));
    }
}

LValue *lower_dim(Lower *l, const Dim *d) {
    LBuilder *b = &l->b;
    LValue *sum = loop_i64(b, 0);
    for (int i = 0; i < d->nterms; i++) {
        LValue *term = loop_i64(b, d->terms[i].coefficient);
        for (int k = 0; k < d->terms[i].natoms; k++) term = loop_mul(b, term, lower_atom(l, d->terms[i].atoms[k]));
        sum = loop_add(b, sum, term);
    }
    return sum;
}

LValue *lower_elements(Lower *l, const Type *t) {
    LValue *n = loop_i64(&l->b, 1);
    for (int i = 0; i < t->rank; i++) n = loop_mul(&l->b, n, lower_dim(l, t->dim[i]));
    return n;
}

/* -1 where 64 bits do not hold it: the runtime then says so. */
LValue *lower_bytes(Lower *l, const Type *t) {
    LBuilder *b = &l->b;
    LValue *n = loop_i64(b, dtype_bytes(t->dtype)), *bad = loop_bool(b, false);
    for (int i = 0; i < t->rank; i++) {
        LValue *d = lower_dim(l, t->dim[i]);
        if (!loop_is_const(d, NULL)) bad = loop_binary(b, OP_or, bad, loop_overflows(b, OP_mul, n, d));
        n = loop_mul(b, n, d);
    }
    return loop_select(b, bad, loop_i64(b, -1), n);
}

/* homes */

void home_set(Lower *l, const Value *v, Home h) { l->homes[v->id] = h; }
Home home_of(Lower *l, const Value *v) { return l->homes[v->id]; }

LValue *take_memory(Lower *l, LValue *bytes) {
    LValue *p = loop_alloc(&l->b, bytes);
    PUSH(l->arena, &l->owned, p);
    return p;
}

/* The memory that `place` chose, or some of its own. */
LValue *memory_of(Lower *l, const Value *v) {
    LValue *p = v->buffer ? map_get(&l->buffers, v->buffer) : NULL;
    if (v->buffer && !p) bug(l->cx, "the memory of a %s is not there yet", type_text(l->cx, v->type));
    return p ? p : take_memory(l, lower_bytes(l, v->type));
}

/* The place of what first lies in a buffer. */
static const Origin *origin_of(const Block *block, const Buffer *u) {
    for (const Inst *in = block->first; in; in = in->next) {
        for (int i = 0; i < in->nresults; i++)
            if (in->results[i]->buffer == u && in->origin) return in->origin;
        for (int r = 0; r < in->nregions; r++) {
            const Origin *o = origin_of(in->regions[r], u);
            if (o) return o;
        }
    }
    return NULL;
}

/* Of an array, as far as can be told: sizes of run time are taken to be a thousand. */
static double about_bytes(const Type *t) {
    double n = dtype_bytes(t->dtype);
    int64_t size;
    for (int i = 0; i < t->rank; i++) n *= dim_is_int(t->dim[i], &size) ? (double)size : 1000;
    return n;
}

/* Where a buffer begins. */
static LValue *start_of(Lower *l, const Buffer *u) {
    LBuilder *b = &l->b;
    LValue *at = lower_dim(l, u->at);
    if (!buffer_is_rounded(u)) return at;
    return loop_binary(b, OP_and, loop_add(b, at, loop_i64(b, 63)), loop_i64(b, -64));
}

/* Memory whose sizes are known behind that instruction: one block, cut into buffers.  Where there is no memory, that is told of
** the place of the largest. */
void lower_buffers(Lower *l, const Inst *after) {
    LBuilder *b = &l->b;
    const Buffer *largest = NULL;
    const Origin *before = b->origin, *place;
    LValue *bad = loop_bool(b, false), *zero = loop_i64(b, 0);
    for (int i = 0; i < l->func->nbuffers; i++) {
        const Buffer *u = l->func->buffers[i];
        if (u->after != after) continue;
        LValue *bytes = lower_bytes(l, u->type);
        if (u->kind == BUFFER_STACK) {
            int64_t n = 0;
            loop_is_const(bytes, &n);
            map_set(&l->buffers, (void *)u, loop_stack(b, n ? n : 1, 64));
            continue;
        }
        if (!largest || about_bytes(u->type) > about_bytes(largest->type)) largest = u;
        LValue *end = loop_add(b, loop_add(b, start_of(l, u), bytes), loop_i64(b, 63));
        bad = loop_binary(b, OP_or, bad, loop_binary(b, OP_lt, bytes, zero));
        bad = loop_binary(b, OP_or, bad, loop_binary(b, OP_lt, end, zero));
    }
    if (!largest) return;
    place = origin_of(l->func->body, largest);
    if (place) b->origin = place;
    LValue *total = lower_dim(l, arena_bytes(l->cx, l->func, after));
    LValue *base = take_memory(l, loop_select(b, bad, loop_i64(b, -1), total));
    for (int i = 0; i < l->func->nbuffers; i++) {
        const Buffer *u = l->func->buffers[i];
        if (u->after == after && u->kind == BUFFER_ARENA)
            map_set(&l->buffers, (void *)u, loop_at(b, base, start_of(l, u), 1));
    }
    b->origin = before;
}

Home home_new(Lower *l, const Value *v) {
    Home h = { .ptr = memory_of(l, v), .fixed = true };
    home_set(l, v, h);
    return h;
}

/* Complex numbers that lie side by side are two vectors in memory, whose lanes are real and imaginary parts in turn. */
static bool in_pairs(int lanes, int64_t step, const LValue *mask) {
    return lanes > 1 && step == 1 && (!mask || (mask->def && mask->def->op == LOOP_lanes_below));
}

Elem elem_load(Lower *l, DType d, int lanes, LValue *ptr, LValue *index, int64_t step, LValue *mask, bool fixed) {
    LBuilder *b = &l->b;
    LValue *(*load)(LBuilder *, LType, LValue *, LValue *, int64_t, LValue *) = fixed ? loop_load_fixed : loop_load;
    LType t = loop_type(dtype_real(d), lanes);
    if (!dtype_is_complex(d)) return (Elem){ load(b, t, ptr, index, step, mask), NULL };
    LValue *i = loop_mul(b, index, loop_i64(b, 2)), *x[2];
    if (!in_pairs(lanes, step, mask))
        return (Elem){ load(b, t, ptr, i, 2 * step, mask),
                       load(b, t, ptr, loop_add(b, i, loop_i64(b, 1)), 2 * step, mask) };
    int re[LOOP_MAX_LANES], im[LOOP_MAX_LANES];
    for (int k = 0; k < 2; k++)
        x[k] = load(b, t, ptr, loop_add(b, i, loop_i64(b, k * lanes)), 1,
                    loop_lanes_of_each(b, mask, 2, k * lanes, lanes));
    for (int k = 0; k < lanes; k++) {
        re[k] = 2 * k;
        im[k] = 2 * k + 1;
    }
    LValue *real = loop_shuffle(b, x[0], x[1], lanes, re);
    return (Elem){ real, loop_shuffle(b, x[0], x[1], lanes, im) };
}

void elem_store(Lower *l, DType d, Elem x, LValue *ptr, LValue *index, int64_t step, LValue *mask) {
    LBuilder *b = &l->b;
    if (!dtype_is_complex(d)) {
        loop_store(b, x.re, ptr, index, step, mask);
        return;
    }
    LValue *i = loop_mul(b, index, loop_i64(b, 2));
    int lanes = x.re->type.lanes, pick[LOOP_MAX_LANES];
    if (!in_pairs(lanes, step, mask)) {
        loop_store(b, x.re, ptr, i, 2 * step, mask);
        loop_store(b, x.im, ptr, loop_add(b, i, loop_i64(b, 1)), 2 * step, mask);
        return;
    }
    for (int k = 0; k < 2; k++) {
        for (int j = 0; j < lanes; j++) pick[j] = j % 2 * lanes + (k * lanes + j) / 2;
        loop_store(b, loop_shuffle(b, x.re, x.im, lanes, pick), ptr, loop_add(b, i, loop_i64(b, k * lanes)), 1,
                   loop_lanes_of_each(b, mask, 2, k * lanes, lanes));
    }
}

/* Rank 0: pulled, if nobody has done so yet. */
Elem scalar_of(Lower *l, const Value *v) {
    Home h = home_of(l, v);
    if (h.elem.re) return h.elem;
    Pull p = { .l = l, .lanes = 1 };
    return pull(&p, v, NULL);
}

void store_home(Lower *l, const Value *v, LValue *ptr) {
    LBuilder *b = &l->b;
    if (v->type->rank == 0)
        elem_store(l, v->type->dtype, scalar_of(l, v), ptr, loop_i64(b, 0), 1, NULL);
    else
        loop_copy(b, ptr, home_of(l, v).ptr, lower_bytes(l, v->type));
}

void home_fill(Lower *l, const Value *v, LValue *ptr) {
    Home h = { .fixed = true };
    if (v->type->rank == 0)
        h.elem = elem_load(l, v->type->dtype, 1, ptr, loop_i64(&l->b, 0), 1, NULL, false);
    else
        h.ptr = ptr;
    home_set(l, v, h);
}

LValue *home_ptr(Lower *l, const Value *v) {
    if (v->type->rank) return home_of(l, v).ptr;
    LValue *p = loop_stack(&l->b, dtype_bytes(v->type->dtype), 16);
    store_home(l, v, p);
    return p;
}

LValue *lower_index(Lower *l, LValue *i) { return loop_convert(&l->b, i, DT_i64); }

/* messages */

static const char *doubled(Arena *a, const char *s) {
    Text t = text_new(a);
    for (; *s; s++) text_add(&t, *s == '{' || *s == '}' ? "%c%c" : "%c", *s, *s);
    return t.at;
}

const char *lower_where(Lower *l, const Inst *in) {
    const Origin *o = in->origin;
    while (o && o->caller && (!o->span.file || source_of(l->cx, o->span.file)->library)) o = o->caller;
    if (!o || !o->span.file) return "";
    int line, column;
    line_column(l->cx, o->span, &line, &column);
    return arena_text(l->arena, "%s:%d%s%s: ", doubled(l->arena, source_of(l->cx, o->span.file)->path), line,
                      o->inside ? ", inside " : "", o->inside ? o->inside : "");
}

/* One jxl_array: data, dtype, rank, shape. */
static void describe(Lower *l, LValue *at, LValue *data, const Type *t, LValue *const *shape) {
    LBuilder *b = &l->b;
    LValue *sizes = loop_stack(b, 8 * (t->rank ? t->rank : 1), 8);
    for (int i = 0; i < t->rank; i++) loop_store(b, shape[i], sizes, loop_i64(b, i), 1, NULL);
    LType word = loop_type(DT_i32, 1);
    loop_store(b, data, at, loop_i64(b, 0), 1, NULL);
    loop_store(b, loop_int(b, word, t->dtype), at, loop_i64(b, 2), 1, NULL);
    loop_store(b, loop_int(b, word, t->rank), at, loop_i64(b, 3), 1, NULL);
    loop_store(b, sizes, at, loop_i64(b, 2), 1, NULL);
}

LValue *lower_describe(Lower *l, LValue *const *data, const Type *const *types, int n) {
    LBuilder *b = &l->b;
    LValue *all = loop_stack(b, 24 * (n ? n : 1), 8);
    for (int i = 0; i < n; i++) {
        LValue *shape[MAX_RANK];
        for (int k = 0; k < types[i]->rank; k++) shape[k] = lower_dim(l, types[i]->dim[k]);
        describe(l, loop_at(b, all, loop_i64(b, i), 24), data[i], types[i], shape);
    }
    return all;
}

LValue *lower_descriptors(Lower *l, Value *const *v, int n) {
    LValue **data = NEW_ARRAY(l->arena, LValue *, n + 1);
    const Type **types = NEW_ARRAY(l->arena, const Type *, n + 1);
    for (int i = 0; i < n; i++) data[i] = home_ptr(l, v[i]), types[i] = v[i]->type;
    return lower_describe(l, data, types, n);
}

LValue *lower_descriptor(Lower *l, LValue *data, const Type *t) { return lower_describe(l, &data, &t, 1); }

void lower_fail(Lower *l, const char *format, Value *const *args, int nargs) {
    LBuilder *b = &l->b;
    LValue *count = loop_int(b, loop_type(DT_i32, 1), nargs);
    loop_runtime(b, RUNTIME_fail, (LValue *[]){ loop_text(b, format), count, lower_descriptors(l, args, nargs) }, 3);
}

void lower_fail_sizes(Lower *l, const char *format, LValue *x, LValue *y) {
    LBuilder *b = &l->b;
    const Type *t = type_scalar(l->cx, DT_i64), *types[] = { t, t };
    LValue *data[] = { loop_stack(b, 8, 8), loop_stack(b, 8, 8) };
    loop_store(b, x, data[0], loop_i64(b, 0), 1, NULL);
    loop_store(b, y, data[1], loop_i64(b, 0), 1, NULL);
    LValue *count = loop_int(b, loop_type(DT_i32, 1), 2), *all = lower_describe(l, data, types, 2);
    loop_runtime(b, RUNTIME_fail, (LValue *[]){ loop_text(b, format), count, all }, 3);
}

/* instructions */

void lower_inst(Lower *l, const Inst *in) {
    l->b.origin = in->origin;
    l->b.epoch++; /* what was read before may have been written since */
    l->memo = map_new(l->arena);
    switch (op_class(in->op)) {
    case CLASS_CREATE:
    case CLASS_ELEMENTWISE:
    case CLASS_LAYOUT: lower_map(l, in); break;
    case CLASS_REDUCE: lower_reduce(l, in); break;
    case CLASS_SCAN: lower_scan(l, in); break;
    case CLASS_CONTRACT: lower_dot(l, in); break;
    case CLASS_INDEX: lower_index_op(l, in); break;
    case CLASS_SORT: lower_sort(l, in); break;
    case CLASS_CONTROL: lower_control(l, in); break;
    case CLASS_EFFECT: lower_effect(l, in); break;
    case CLASS_LINALG: lower_linalg(l, in); break;
    case CLASS_KERNEL: lower_kernel(l, in); break;
    case CLASS_COLLECTIVE: bug(l->cx, "%s stands in no pmap", op_name(in->op));
    }
}

Scope scope_open(Lower *l) { return (Scope){ l->owned.n }; }

void scope_close(Lower *l, Scope s) {
    while (l->owned.n > s.owned) loop_release(&l->b, l->owned.at[--l->owned.n]);
}

/* What may take long enough that sums underway could go on meanwhile, if somebody looks after them. */
static bool takes_long(const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_KERNEL:
    case CLASS_CONTRACT:
    case CLASS_REDUCE:
    case CLASS_SORT:
    case CLASS_LINALG: return true;
    default: return in->op == OP_call;
    }
}

void lower_block(Lower *l, const Block *block) {
    for (const Inst *in = block->first; in; in = in->next) {
        lower_inst(l, in);
        if (l->nunderway && !l->serial && takes_long(in)) loop_runtime(&l->b, RUNTIME_collective_poll, NULL, 0);
    }
    l->b.epoch++;
    l->memo = map_new(l->arena);
}

/* functions */

static void lower_body(Lower *l, const Func *f, LFunc *to) {
    l->func = f;
    l->b = loop_builder(l->to, to);
    l->b.origin = f->origin;
    l->homes = NEW_ARRAY(l->arena, Home, f->nvalues + 1);
    l->sizes = map_new(l->arena);
    l->memo = map_new(l->arena);
    l->flags = map_new(l->arena);
    l->underway = map_new(l->arena);
    l->nunderway = 0;
    l->argc = l->argv = NULL;
    LBuilder *b = &l->b;
    if (f == l->from->main) {
        l->argc = loop_param(b, loop_type(DT_i32, 1));
        l->argv = loop_param(b, loop_ptr_type());
    }
    for (int i = 0; i < f->sizes.n; i++)
        map_set(&l->sizes, (void *)f->sizes.at[i], loop_param(b, loop_type(DT_i64, 1)));
    LValue **in = NEW_ARRAY(l->arena, LValue *, f->body->nparams + 1);
    LValue **out = NEW_ARRAY(l->arena, LValue *, f->body->nresults + 1);
    for (int i = 0; i < f->body->nparams; i++) in[i] = loop_param(b, loop_ptr_type());
    if (f != l->from->main) {
        for (int i = 0; i < f->body->nresults; i++) out[i] = loop_param(b, loop_ptr_type());
    }
    for (int i = 0; i < f->body->nparams; i++) home_fill(l, f->body->params[i], in[i]);
    Scope s = scope_open(l);
    l->buffers = map_new(l->arena);
    for (int i = 0; i < f->body->nresults; i++) { /* what is made where the caller wants it */
        const Buffer *u = f->body->results[i]->buffer;
        if (u && u->kind == BUFFER_RESULT) map_set(&l->buffers, (void *)u, out[u->number]);
    }
    if (f == l->from->main && l->many) lower_world(l);
    lower_buffers(l, NULL);
    lower_block(l, f->body);
    for (int i = 0; i < f->body->nresults && out[i]; i++) store_home(l, f->body->results[i], out[i]);
    scope_close(l, s);
}

LModule *loop_lower(const Module *m, const Target *target) {
    Lower l = { .cx = m->cx, .from = m, .to = loop_module_new(m->cx, target) };
    l.arena = l.to->arena;
    l.funcs = map_new(l.arena);
    for (const Func *f = m->first; f; f = f->next) {
        if (func_binds_results(f)) continue; /* inlined wherever it was called */
        LFunc *to = loop_func_new(l.to, f->name);
        to->source = f;
        to->origin = f->origin;
        to->symbol = f->exported ? f->export_name : NULL;
        map_set(&l.funcs, (void *)f, to);
        if (f == m->main) l.to->main = to;
    }
    for (const Inst *in = m->main ? m->main->body->first : NULL; in; in = in->next) l.many |= in->op == OP_world;
    for (const Func *f = m->first; f; f = f->next) {
        LFunc *to = map_get(&l.funcs, f);
        if (to) lower_body(&l, f, to);
    }
    return l.to;
}
