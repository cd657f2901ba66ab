/* pull: one element of a value, or a vector of neighbours, at an index.
**
** A value with a home is read there.  Any other is computed from elements of its arguments: layout and index operations only
** move the index.  So a chain of operations becomes one expression, whatever lies between them.  What is the same for all
** lanes stays a scalar. */
#include "loop/lower.h"

#include <string.h>

Idx idx_at(LValue *i) { return (Idx){ .i = i }; }

int lanes_for(const Lower *l, int bytes) {
    int lanes = l->to->target->vector_bytes / (bytes ? bytes : 1);
    return lanes < 1 ? 1 : lanes > LOOP_MAX_LANES ? LOOP_MAX_LANES : lanes;
}

LValue *idx_value(Pull *p, Idx x) {
    LBuilder *b = &p->l->b;
    if (x.each) return x.each;
    if (!x.step || p->lanes == 1) return x.i;
    LValue *k = loop_iota(b, loop_type(DT_i64, p->lanes));
    return loop_add(b, loop_splat(b, x.i, p->lanes), loop_mul(b, k, loop_i64(b, x.step)));
}

static bool uniform(Idx x) { return !x.each && !x.step; }

Idx idx_from(LValue *v) { return v->type.lanes > 1 ? (Idx){ .each = v } : idx_at(v); }

static const Dim *moved(Pull *p, const Dim *d, const Dim *by) { return d ? dim_add(p->l->cx, d, by) : NULL; }

Idx idx_add(Pull *p, Idx x, LValue *y) {
    LBuilder *b = &p->l->b;
    if (x.each) return (Idx){ .each = loop_add(b, x.each, y) };
    return (Idx){ .i = loop_add(b, x.i, y), .step = x.step };
}

Idx idx_shift(Pull *p, Idx x, const Dim *by) {
    Idx y = idx_add(p, x, lower_dim(p->l, by));
    y.lo = moved(p, x.lo, by);
    y.hi = moved(p, x.hi, by);
    return y;
}

Idx idx_sub(Pull *p, Idx x, LValue *y) {
    LBuilder *b = &p->l->b;
    if (x.each) return (Idx){ .each = loop_sub(b, x.each, y) };
    return (Idx){ .i = loop_sub(b, x.i, y), .step = x.step };
}

Idx idx_scale(Pull *p, Idx x, LValue *y) {
    LBuilder *b = &p->l->b;
    int64_t k;
    if (loop_is_const(y, &k) && k == 1) return x;
    if (!x.each && x.step && loop_is_const(y, &k)) return (Idx){ .i = loop_mul(b, x.i, y), .step = x.step * k };
    if (uniform(x)) return idx_at(loop_mul(b, x.i, y));
    return (Idx){ .each = loop_mul(b, idx_value(p, x), y) };
}

Idx idx_sum(Pull *p, Idx x, Idx y) {
    LBuilder *b = &p->l->b;
    if (!x.each && !y.each) return (Idx){ .i = loop_add(b, x.i, y.i), .step = x.step + y.step };
    return (Idx){ .each = loop_add(b, idx_value(p, x), idx_value(p, y)) };
}

/* Divisions of indices: neither side is negative. */
Idx idx_op(Pull *p, Op op, Idx x, LValue *y) { return idx_from(loop_binary(&p->l->b, op, idx_value(p, x), y)); }

LValue *masks_both(LBuilder *b, LValue *x, LValue *y) { return !x ? y : !y ? x : loop_binary(b, OP_and, x, y); }

LValue *pull_live(Pull *p) { return masks_both(&p->l->b, p->tail, p->valid); }

/* reading memory */

Idx flat_index(Pull *p, const Type *t, const Idx *idx) {
    LBuilder *b = &p->l->b;
    Idx flat = idx_at(loop_i64(b, 0));
    LValue *stride = loop_i64(b, 1);
    for (int a = t->rank - 1; a >= 0; a--) {
        flat = idx_sum(p, idx_scale(p, idx[a], stride), flat);
        if (a) stride = loop_mul(b, stride, lower_dim(p->l, t->dim[a]));
    }
    return flat;
}

Elem load_flat(Pull *p, const Home *h, DType d, Idx at) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    if (uniform(at) || p->lanes == 1) { /* a tail has a first lane, so only `valid` can forbid it */
        LValue *ok = p->valid ? loop_any(b, p->valid) : NULL;
        return elem_load(l, d, 1, h->ptr, at.i ? at.i : at.each, 1, ok, h->fixed);
    }
    LValue *mask = pull_live(p);
    if (mask) mask = loop_splat(b, mask, p->lanes);
    if (!at.each) return elem_load(l, d, p->lanes, h->ptr, at.i, at.step, mask, h->fixed);
    DType part = dtype_real(d);
    LType type = loop_type(part, p->lanes);
    LValue *(*gather)(LBuilder *, LType, LValue *, LValue *, LValue *) = h->fixed ? loop_gather_fixed : loop_gather;
    if (!dtype_is_complex(d)) return (Elem){ gather(b, type, h->ptr, at.each, mask), NULL };
    LValue *two = loop_mul(b, at.each, loop_i64(b, 2));
    return (Elem){ gather(b, type, h->ptr, two, mask),
                   gather(b, type, h->ptr, loop_add(b, two, loop_i64(b, 1)), mask) };
}

Elem load_at(Pull *p, const Type *t, LValue *ptr, const Idx *idx) {
    Home h = { .ptr = ptr };
    return load_flat(p, &h, t->dtype, flat_index(p, t, idx));
}

void store_at(Pull *p, const Type *t, LValue *ptr, const Idx *idx, Elem x) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    Idx at = flat_index(p, t, idx);
    if (uniform(at) || p->lanes == 1) {
        elem_store(l, t->dtype, x, ptr, at.i, 1, NULL);
        return;
    }
    LValue *mask = pull_live(p);
    if (mask) mask = loop_splat(b, mask, p->lanes);
    x = elem_splat(l, x, p->lanes);
    if (!at.each) {
        elem_store(l, t->dtype, x, ptr, at.i, at.step, mask);
    } else if (!x.im) {
        loop_scatter(b, x.re, ptr, at.each, mask);
    } else {
        LValue *two = loop_mul(b, at.each, loop_i64(b, 2));
        loop_scatter(b, x.re, ptr, two, mask);
        loop_scatter(b, x.im, ptr, loop_add(b, two, loop_i64(b, 1)), mask);
    }
}

/* index */

static LValue *clamped(LBuilder *b, LValue *i, LValue *last) {
    i = loop_binary(b, OP_min, i, loop_splat(b, last, i->type.lanes));
    return loop_binary(b, OP_max, i, loop_int(b, i->type, 0));
}

static Elem filler(Pull *p, DType d, bool nan) {
    LBuilder *b = &p->l->b;
    LType t = loop_type(dtype_real(d), 1);
    double x = nan && dtype_is_inexact(d) ? __builtin_nan("") : 0;
    return (Elem){ loop_real(b, t, x), dtype_is_complex(d) ? loop_real(b, t, x) : NULL };
}

/* The result's axes: batch, those of idx but its last, those of x that are not indexed. */
static Elem pull_gather(Pull *p, const Inst *in, const Idx *idx) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Value *x = in->args[0], *where = in->args[1];
    int batch = (int)in->attrs->batch, lead = where->type->rank - 1;
    Idx at[MAX_RANK], coordinate[MAX_RANK];
    bool indexed[MAX_RANK] = { false };
    LValue *inside = NULL;
    memcpy(coordinate, idx, sizeof(Idx) * (size_t)lead);
    for (int i = 0; i < batch; i++) at[i] = idx[i];
    for (int k = 0; k < in->attrs->axes.n; k++) {
        int64_t a = in->attrs->axes.at[k];
        coordinate[lead] = idx_at(loop_i64(b, k));
        LValue *i = lower_index(l, pull(p, where, coordinate).re), *size = lower_dim(l, x->type->dim[a]);
        LValue *last = loop_sub(b, size, loop_i64(b, 1));
        if (in->attrs->mode == GATHER_FILL) {
            LValue *low = loop_binary(b, OP_ge, i, loop_int(b, i->type, 0));
            inside =
                masks_both(b, masks_both(b, inside, low), loop_binary(b, OP_le, i, loop_splat(b, last, i->type.lanes)));
        } else {
            i = clamped(b, i, last);
        }
        at[a] = idx_from(i);
        indexed[a] = true;
    }
    for (int a = batch, next = lead; a < x->type->rank; a++) {
        if (!indexed[a]) at[a] = idx[next++];
    }
    return pull_where(p, inside, x, at, filler(p, x->type->dtype, true));
}

/* Where a dynamic slice of that size starts. */
static LValue *start_of(Pull *p, const Value *start, const Type *whole, const Dim *size, int axis) {
    LBuilder *b = &p->l->b;
    LValue *i = lower_index(p->l, pull(p, start, NULL).re);
    return clamped(b, i, loop_sub(b, lower_dim(p->l, whole->dim[axis]), lower_dim(p->l, size)));
}

LValue *slice_start(Pull *p, const Inst *in, int a) {
    const Type *t = in->args[0]->type;
    const Dim *size = in->results[0]->type->dim[a];
    if (size == t->dim[a]) return loop_i64(&p->l->b, 0);
    return start_of(p, in->args[1 + a], t, size, a);
}

static Elem pull_dynamic_slice(Pull *p, const Inst *in, const Idx *idx) {
    Idx x[MAX_RANK];
    for (int a = 0; a < in->args[0]->type->rank; a++) x[a] = idx_add(p, idx[a], slice_start(p, in, a));
    return pull(p, in->args[0], x);
}

/* The old element is read only where there may be one. */
static Elem pull_dynamic_update_slice(Pull *p, const Inst *in, const Idx *idx) {
    Lower *l = p->l;
    const Type *t = in->args[0]->type, *u = in->args[1]->type;
    const Dim *zero = dim_int(l->cx, 0);
    bool known = plan_update_is_map(l->cx, in);
    Idx x[MAX_RANK];
    LValue *inside = NULL;
    for (int a = 0; a < t->rank; a++) {
        int64_t start = 0;
        if (known && plan_update_start(in, a, &start))
            x[a] = idx_shift(p, idx[a], dim_int(l->cx, -start));
        else
            x[a] = idx_sub(p, idx[a], start_of(p, in->args[2 + a], t, u->dim[a], a));
        if (t->dim[a] != u->dim[a]) inside = within(p, inside, x[a], zero, u->dim[a]);
    }
    int64_t all;
    if (!inside || (loop_is_const(inside, &all) && all)) return pull(p, in->args[1], x);
    return pull_where(p, inside, in->args[1], x, pull(p, in->args[0], idx));
}

/* creation */

LValue *idx_as(Pull *p, Idx x, DType d, bool small) {
    LBuilder *b = &p->l->b;
    if (!small || !x.step || x.each || p->lanes == 1) return loop_convert(b, idx_value(p, x), d);
    LType t = loop_type(DT_i32, p->lanes); /* most machines convert i32 lanes only */
    LValue *k = loop_mul(b, loop_iota(b, t), loop_int(b, t, x.step));
    return loop_convert(b, loop_add(b, loop_splat(b, loop_convert(b, x.i, DT_i32), p->lanes), k), d);
}

static Elem pull_iota(Pull *p, const Inst *in, const Idx *idx) {
    int64_t axis = in->attrs->axis, size;
    DType d = in->attrs->dtype;
    bool small = dim_is_int(in->results[0]->type->dim[axis], &size) && size < INT32_MAX;
    Elem y = { idx_as(p, idx[axis], dtype_real(d), small), NULL };
    if (dtype_is_complex(d)) y.im = loop_int(&p->l->b, y.re->type, 0);
    return y;
}

static Elem pull_constant(Pull *p, const Inst *in, const Idx *idx) {
    Lower *l = p->l;
    LBuilder *b = &l->b;
    const Type *t = in->results[0]->type;
    Data data = in->attrs->data;
    int bytes = dtype_bytes(t->dtype), part = dtype_bytes(dtype_real(t->dtype));
    if (data.n != 1) {
        Home h = { .ptr = loop_data(b, data.bytes, data.n * bytes, 64), .fixed = true };
        return load_flat(p, &h, t->dtype, flat_index(p, t, idx));
    }
    LType type = loop_type(dtype_real(t->dtype), 1);
    int64_t bits = 0;
    memcpy(&bits, data.bytes, (size_t)part);
    Elem y = { loop_const_bits(b, type, bits), NULL };
    if (!dtype_is_complex(t->dtype)) return y;
    bits = 0;
    memcpy(&bits, (const char *)data.bytes + part, (size_t)part);
    y.im = loop_const_bits(b, type, bits);
    return y;
}

/* elementwise */

static Elem pull_elementwise(Pull *p, const Inst *in, const Idx *idx) {
    Elem x[4] = { { 0 } };
    for (int i = 0; i < in->nargs; i++) x[i] = pull(p, in->args[i], idx);
    return elem_apply(p->l, in, x, in->args[in->nargs - 1]->type->dtype, pull_live(p));
}

static LValue *rotated(LBuilder *b, LValue *x, int by) {
    LValue *left = loop_binary(b, OP_shift_left, x, loop_int(b, x->type, by));
    return loop_binary(b, OP_or, left, loop_binary(b, OP_shift_right_logical, x, loop_int(b, x->type, 32 - by)));
}

/* Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011); see notes of jax.random. */
static Elem pull_threefry(Pull *p, const Inst *in, int result, const Idx *idx) {
    static const int rotations[2][4] = { { 13, 15, 26, 6 }, { 17, 29, 16, 24 } };
    LBuilder *b = &p->l->b;
    LValue *key[3], *x[2];
    for (int i = 0; i < 2; i++) key[i] = pull(p, in->args[i], idx).re;
    for (int i = 0; i < 2; i++) x[i] = pull(p, in->args[2 + i], idx).re;
    key[2] = loop_binary(b, OP_xor, loop_binary(b, OP_xor, key[0], key[1]), loop_int(b, key[0]->type, 0x1BD11BDA));
    for (int i = 0; i < 2; i++) x[i] = loop_add(b, x[i], key[i]);
    for (int round = 0; round < 5; round++) {
        for (int k = 0; k < 4; k++) {
            x[0] = loop_add(b, x[0], x[1]);
            x[1] = loop_binary(b, OP_xor, rotated(b, x[1], rotations[round % 2][k]), x[0]);
        }
        x[0] = loop_add(b, x[0], key[(round + 1) % 3]);
        LValue *more = loop_int(b, key[0]->type, round + 1);
        x[1] = loop_add(b, x[1], loop_add(b, key[(round + 2) % 3], more));
    }
    return (Elem){ x[result], NULL };
}

bool can_pull(const Inst *in) {
    switch (op_class(in->op)) {
    case CLASS_CREATE:
    case CLASS_ELEMENTWISE:
    case CLASS_LAYOUT: return true;
    case CLASS_INDEX: return in->op != OP_scatter && in->op != OP_nonzero;
    default: return false;
    }
}

Elem pull_inst(Pull *p, const Inst *in, int result, const Idx *idx) {
    switch ((int)in->op) {
    case OP_constant: return pull_constant(p, in, idx);
    case OP_iota: return pull_iota(p, in, idx);
    case OP_size: return (Elem){ lower_dim(p->l, in->attrs->dim), NULL };
    case OP_optimization_barrier:
    case OP_checkpoint_name: return pull(p, in->args[0], idx);
    case OP_gather: return pull_gather(p, in, idx);
    case OP_dynamic_slice: return pull_dynamic_slice(p, in, idx);
    case OP_dynamic_update_slice: return pull_dynamic_update_slice(p, in, idx);
    case OP_threefry2x32: return pull_threefry(p, in, result, idx);
    default:
        if (op_class(in->op) == CLASS_ELEMENTWISE) return pull_elementwise(p, in, idx);
        if (op_class(in->op) == CLASS_LAYOUT) return pull_layout(p, in, idx);
        bug(p->l->cx, "%s has no elements to be pulled one by one", op_name(in->op));
    }
}

/* What has been pulled at the same place is known, while the block it was computed in is open. */
typedef struct {
    int value, tail, valid, lanes;
    struct {
        int i, each;
        int64_t step;
        const Dim *lo, *hi;
    } at[MAX_RANK];
} Key;

static int key_of(const Pull *p, const Value *v, const Idx *idx, Key *key) {
    memset(key, 0, sizeof *key);
    *key = (Key){ v->id, p->tail ? p->tail->id : -1, p->valid ? p->valid->id : -1, p->lanes, { { 0 } } };
    for (int a = 0; a < v->type->rank; a++) {
        key->at[a].i = idx[a].i ? idx[a].i->id : -1;
        key->at[a].each = idx[a].each ? idx[a].each->id : -1;
        key->at[a].step = idx[a].step;
        key->at[a].lo = idx[a].lo;
        key->at[a].hi = idx[a].hi;
    }
    return (int)offsetof(Key, at) + v->type->rank * (int)sizeof key->at[0];
}

static bool visible(const LBuilder *b, const LValue *v) {
    for (const LBlock *at = b->block; at; at = at->parent) {
        if (at == v->block) return true;
    }
    return false;
}

void pull_known(Pull *p, const Value *v, const Idx *idx, Elem y) {
    Key key;
    int length = key_of(p, v, idx, &key);
    map_set_bytes(&p->l->memo, &key, length, arena_copy(p->l->arena, &y, sizeof y));
}

static const Elem *known_at(Pull *p, const Value *v, const Idx *idx) {
    Key key;
    int length = key_of(p, v, idx, &key);
    const Elem *e = map_get_bytes(&p->l->memo, &key, length);
    bool here = e && visible(&p->l->b, e->re) && (!e->im || visible(&p->l->b, e->im));
    return here ? e : NULL;
}

Elem pull(Pull *p, const Value *v, const Idx *idx) {
    Home h = home_of(p->l, v);
    if (h.elem.re) return h.elem;
    Elem e;
    if (h.from) return load_flat(p, &h, v->type->dtype, idx_sub(p, idx[v->type->rank - 1], h.from));
    if (h.ptr && (crossed_load(p, v, idx, &e) || short_column(p, v, h.ptr, idx, &e))) return e;
    if (h.ptr) return load_flat(p, &h, v->type->dtype, flat_index(p, v->type, idx));
    if (!v->def) bug(p->l->cx, "a block parameter has no home");
    const Elem *known = known_at(p, v, idx);
    if (known) return *known;
    if (v->def->nregions) { /* all of its results at once */
        pull_control(p, v->def);
        return *known_at(p, v, idx);
    }
    Elem y = pull_inst(p, v->def, v->index, idx);
    pull_known(p, v, idx, y);
    return y;
}

double pull_cost(Lower *l, const Value *v) {
    Home h = home_of(l, v);
    if (h.elem.re || !v->def) return 0;
    if (h.ptr) return 0.1;
    double cost = plan_cost(v->def);
    for (int i = 0; i < v->def->nargs && cost < 1000; i++) cost += pull_cost(l, v->def->args[i]);
    return cost;
}
