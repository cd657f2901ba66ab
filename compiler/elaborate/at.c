/* at: x.at[index].set(v) and its kin: a new array, x stays as it is. */
#include "elaborate/index.h"

#include <math.h>
#include <string.h>

static Py call_at(Elab *e, Py self, const Args *args) {
    (void)self;
    return fail(e, args->span, "x.at is followed by an index: x.at[i].set(v)");
}

Py native_array_property_at(Elab *e, Call *c) { return py_closure(e, "at", call_at, NULL, c->arg[0]); }

static bool mode_of(Elab *e, Py mode, bool *clip, bool *fill, Span span) {
    const char *name = NULL;
    *clip = *fill = false;
    if (mode->kind == PY_NONE) return true;
    if (py_static_text(mode, &name)) {
        if (strcmp(name, "clip") == 0) return *clip = true;
        if (strcmp(name, "fill") == 0 || strcmp(name, "drop") == 0) return *fill = true;
        if (strcmp(name, "promise_in_bounds") == 0) return true;
    }
    fail(e, span, "mode must be 'clip', 'fill', 'drop' or 'promise_in_bounds'");
    return false;
}

static Py update(Elab *e, Call *c, Py v, Combine how) {
    bool clip, fill;
    if (!mode_of(e, c->arg[2], &clip, &fill, c->span)) return e->error;
    return index_write(e, c->arg[0]->closure.inner, c->arg[0]->closure.data, v, how, clip, c->span);
}

Py native_at_index_set(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_SET); }
Py native_at_index_add(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_ADD); }
Py native_at_index_multiply(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_MUL); }
Py native_at_index_mul(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_MUL); }
Py native_at_index_min(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_MIN); }
Py native_at_index_max(Elab *e, Call *c) { return update(e, c, c->arg[1], COMBINE_MAX); }
Py native_at_index_subtract(Elab *e, Call *c) {
    return update(e, c, unary(e, OPERATOR_USub, to_array(e, c->arg[1], FLAVOUR_JAX, c->span), c->span), COMBINE_ADD);
}

/* Elements read, changed and written back: each position once, whatever its index says how often. */
static Py rewrite(Elab *e, Call *c, Operator op) {
    Py x = c->arg[0]->closure.inner, old = index_read(e, x, c->arg[0]->closure.data, c->span);
    return update(e, c, binary(e, op, old, c->arg[1], c->span), COMBINE_SET);
}

Py native_at_index_power(Elab *e, Call *c) { return rewrite(e, c, OPERATOR_Pow); }

Py native_at_index_divide(Elab *e, Call *c) {
    Py one = binary(e, OPERATOR_Div, py_float(e, 1), to_array(e, c->arg[1], FLAVOUR_JAX, c->span), c->span);
    return update(e, c, one, COMBINE_MUL);
}

Py native_at_index_apply(Elab *e, Call *c) {
    Py x = c->arg[0]->closure.inner, old = index_read(e, x, c->arg[0]->closure.data, c->span);
    Py new = call_values(e, c->arg[1], 1, &old, c->span);
    return update(e, c, new, COMBINE_SET);
}

/* What a position outside reads: nan, and the extreme of an integer dtype. */
static Value *default_fill(Elab *e, const Type *t) {
    int bits = 8 * dtype_bytes(t->dtype);
    if (dtype_is_inexact(t->dtype)) return ir_fill(e->b, t, NAN);
    if (t->dtype == DT_bool) return ir_fill_int(e->b, t, 1);
    if (dtype_kind(t->dtype) == KIND_UNSIGNED) return ir_fill_int(e->b, t, -1);
    return ir_fill_int(e->b, t, (int64_t)((uint64_t)1 << (bits - 1)) * (bits < 64 ? -1 : 1));
}

/* Where every position of the index lies inside, in the shape of what it reads: read from an array of true, with false
** written round it. */
static Value *inside(Elab *e, Py x, Py index, Span span) {
    Builder *b = e->b;
    const Type *t = x->array.value->type;
    const Dim *one[MAX_RANK];
    int64_t none[MAX_RANK] = { 0 };
    Index ix;
    if (!index_parse(e, &ix, x, index, false, span)) return NULL;
    /* positions moved up by one, into an array with a border */
    for (int a = 0; a < t->rank; a++) one[a] = dim_int(e->cx, 1);
    Value *yes = ir_pad(b, ir_fill_int(b, type_with_dtype(e->cx, t, DT_bool), 1), ir_bool(b, false), one, one, none);
    for (int i = 0; i < ix.n; i++) {
        IndexItem *it = &ix.item[i];
        if (it->at) it->at = ir_add(b, it->at, ir_fill_int(b, it->at->type, 1));
        if (it->kind == INDEX_SLICE && it->full) it->full = false;
        if (it->start) it->start = dim_add(e->cx, it->start, dim_int(e->cx, 1));
    }
    ix.x = yes;
    return index_take(e, &ix, span);
}

Py native_at_index_get(Elab *e, Call *c) {
    Py x = c->arg[0]->closure.inner, index = c->arg[0]->closure.data;
    bool clip, fill;
    if (!mode_of(e, c->arg[1], &clip, &fill, c->span)) return e->error;
    Py y = index_read(e, x, index, c->span);
    if (y->kind == PY_ERROR || (!fill && c->arg[2]->kind == PY_NONE)) return y;
    Value *ok = inside(e, x, index, c->span), *v = array_value(e, y), *other;
    if (!ok) return e->error;
    if (c->arg[2]->kind == PY_NONE) {
        other = default_fill(e, v->type);
    } else {
        Py f = to_array(e, c->arg[2], FLAVOUR_JAX, c->span);
        if (f->kind == PY_ERROR) return f;
        other = ir_broadcast_scalar(e->b, ir_convert(e->b, array_value(e, f), v->type->dtype), v->type);
    }
    return py_array(e, ir_select(e->b, ok, v, other), x->array.flavour, x->array.weak);
}
