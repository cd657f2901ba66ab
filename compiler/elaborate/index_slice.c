/* index_slice: where a slice begins and how long it is, for sizes and bounds known now or at run time. */
#include "elaborate/counters.h"
#include "elaborate/index.h"

/* A bound that is known as a size expression: a number, or an int whose expression is known and the same in every
** iteration of the loops around. */
static const Dim *known_bound(Elab *e, Py x) {
    int64_t n;
    if (py_static_int(e, x, &n)) return dim_int(e->cx, n);
    return x->kind == PY_SCALAR && x->scalar.dim && !dim_is_local(e, x->scalar.dim) ? x->scalar.dim : NULL;
}

static Value *run_time_bound(Elab *e, Py x) {
    if (x->kind == PY_ARRAY) return ir_convert(e->b, array_value(e, x), DT_i64);
    return scalar_value(e, x, NUMBER_INT);
}

static void check(Elab *e, Value *holds, const char *message) {
    Attrs a = no_attrs;
    a.format = name_of(e->cx, message);
    emit_inst(e->b, OP_assert, &holds, 1, &a);
}

/* 0 <= bound <= size, negative bounds counted from the end. */
static const Dim *clamp_bound(Elab *e, const Dim *d, const Dim *size) {
    Compiler *cx = e->cx;
    const Dim *zero = dim_int(cx, 0);
    int64_t k;
    if (dim_is_int(d, &k) && k < 0) {
        const Dim *from_end = dim_add(cx, size, d);
        return dim_at_least(cx, from_end, zero) ? from_end : dim_max(cx, from_end, zero);
    }
    if (!dim_at_least(cx, d, zero)) {
        Value *v = ir_size(e->b, d);
        check(e, ir_ge(e->b, v, ir_i64(e->b, 0)), "the bound of a slice is a size, and came out negative");
        d = dim_max(cx, d, zero);
    }
    return dim_at_least(cx, size, d) ? d : dim_min(cx, d, size);
}

/* The value as an expression over whatever it was computed from; used to subtract one from another. */
static const Dim *linear(Elab *e, Value *v, Map *leaves) {
    Data d;
    const Inst *in = v->def;
    if (value_is_constant(v, &d)) return dim_int(e->cx, element_int(v->type->dtype, d.bytes));
    if (in && in->op == OP_size) return in->attrs->dim;
    if (in && (in->op == OP_int_add || in->op == OP_int_sub || in->op == OP_int_mul)) {
        const Dim *x = linear(e, in->args[0], leaves), *y = linear(e, in->args[1], leaves);
        return in->op == OP_int_add   ? dim_add(e->cx, x, y)
               : in->op == OP_int_sub ? dim_sub(e->cx, x, y)
                                      : dim_mul(e->cx, x, y);
    }
    const SizeVar *var = map_get(leaves, v);
    if (!var) {
        var = size_var(e->cx, "i", e->span);
        map_set(leaves, v, (void *)var);
    }
    return dim_var(e->cx, var);
}

static const Dim *expression(Elab *e, Py x, const Dim *none, const Dim *size, Map *leaves) {
    int64_t k;
    if (x->kind == PY_NONE) return none;
    const Dim *d = known_bound(e, x);
    if (!d && x->kind == PY_SCALAR && x->scalar.dim) return x->scalar.dim;
    if (!d) return linear(e, run_time_bound(e, x), leaves);
    return dim_is_int(d, &k) && k < 0 ? dim_add(e->cx, size, d) : d;
}

static Value *clamped_value(Elab *e, Py x, Value *none, Value *size) {
    if (x->kind == PY_NONE) return none;
    Builder *b = e->b;
    Value *v = run_time_bound(e, x), *zero = ir_i64(b, 0);
    v = ir_select(b, ir_lt(b, v, zero), ir_add(b, v, size), v);
    return ir_min(b, ir_max(b, v, zero), size);
}

/* A bound is known at run time only.  Where the length is known all the same, the slice must lie inside; else the length
** becomes a size of its own. */
static bool run_time_slice(Elab *e, Py slice, const Dim *size, IndexItem *it) {
    Map leaves = map_new(e->arena);
    Builder *b = e->b;
    const Dim *zero = dim_int(e->cx, 0);
    const Dim *first = expression(e, slice->slice.start, zero, size, &leaves);
    const Dim *last = expression(e, slice->slice.stop, size, size, &leaves);
    const Dim *length = dim_sub(e->cx, last, first);
    bool fixed = !dim_is_local(e, length);
    for (int i = 0; i < leaves.n; i++) fixed = fixed && !dim_mentions(length, leaves.entries[i].value);
    Value *n = ir_size(b, size), *none = ir_i64(b, 0);
    if (fixed && dim_at_least(e->cx, length, zero)) {
        Value *at = run_time_bound(e, slice->slice.start);
        const Dim *from = slice->slice.start->kind == PY_NONE ? zero : number_dim(e, slice->slice.start);
        bool within = from && local_at_least(e, from, zero) && local_at_least(e, size, dim_add(e->cx, from, length));
        if (!within && from && local_at_least(e, from, zero))
            within = local_at_least_before_last(e, size, dim_add(e->cx, from, length));
        if (!within)
            check(e, ir_and(b, ir_ge(b, at, none), ir_le(b, ir_add(b, at, ir_size(b, length)), n)),
                  "a slice whose start is known at run time does not lie inside its axis");
        it->at = at;
        it->size = length;
        return true;
    }
    Value *from = clamped_value(e, slice->slice.start, none, n);
    Value *to = clamped_value(e, slice->slice.stop, n, n);
    it->at = from;
    it->size = bind_size(e, ir_max(b, ir_sub(b, to, from), none), "length", e->span);
    return it->size != NULL;
}

static const Dim *ceil_div(Elab *e, const Dim *x, int64_t by) {
    if (by == 1) return x;
    return dim_floordiv(e->cx, dim_add(e->cx, x, dim_int(e->cx, by - 1)), dim_int(e->cx, by));
}

/* x[start:stop:-k]: from `above - 1` down to `low`. */
static bool downward(Elab *e, Py slice, const Dim *size, IndexItem *it) {
    Compiler *cx = e->cx;
    const Dim *one = dim_int(cx, 1), *zero = dim_int(cx, 0), *above = size, *low = zero;
    int64_t k;
    if (slice->slice.start->kind != PY_NONE) {
        const Dim *d = known_bound(e, slice->slice.start);
        if (dim_is_int(d, &k) && k < 0)
            above = dim_max(cx, dim_add(cx, size, dim_int(cx, k + 1)), zero);
        else
            above = clamp_bound(e, dim_add(cx, d, one), size);
    }
    if (slice->slice.stop->kind != PY_NONE) {
        const Dim *d = known_bound(e, slice->slice.stop);
        if (dim_is_int(d, &k) && k < 0)
            low = dim_max(cx, dim_add(cx, size, dim_int(cx, k + 1)), zero);
        else
            low = clamp_bound(e, dim_add(cx, d, one), size);
    }
    above = dim_max(cx, above, low);
    it->start = dim_sub(cx, above, one);
    it->size = ceil_div(e, dim_sub(cx, above, low), -it->step);
    return true;
}

/* x[start:stop:step] with a step above 0, where one of them is known at run time only: by the positions of its elements. */
static bool by_positions(Elab *e, Py slice, const Dim *size, IndexItem *it, bool reading, Span span) {
    Builder *b = e->b;
    Value *n = ir_size(b, size), *none = ir_i64(b, 0), *one = ir_i64(b, 1);
    Value *from = clamped_value(e, slice->slice.start, none, n);
    Value *to = clamped_value(e, slice->slice.stop, n, n);
    Value *step = run_time_bound(e, slice->slice.step);
    check(e, ir_gt(b, step, none), "the step of a slice that is known at run time must be above 0");
    Value *span_of = ir_max(b, ir_sub(b, to, from), none), *most = ir_max(b, step, one);
    Value *count = ir_div(b, ir_add(b, span_of, ir_sub(b, most, one)), most);
    it->size = reading ? bind_size(e, count, "length", span) : ir_bind_size(b, count, "length");
    if (!it->size) return false;
    const Type *t = type_of(e->cx, DT_i64, 1, &it->size);
    Value *at = ir_mul(b, ir_iota(b, t, 0), ir_broadcast_scalar(b, step, t));
    it->kind = INDEX_ARRAY;
    it->at = ir_add(b, at, ir_broadcast_scalar(b, from, t));
    return true;
}

bool index_slice(Elab *e, Py slice, const Dim *size, IndexItem *it, bool alone, bool reading, Span span) {
    Py part[] = { slice->slice.start, slice->slice.stop, slice->slice.step };
    static const char *const names[] = { "start", "stop", "step" };
    bool known = true;
    for (int i = 0; i < 3; i++) {
        if (part[i]->kind == PY_ERROR) return false;
        if (part[i]->kind == PY_NONE) continue;
        if (!py_is_index(part[i])) {
            fail(e, span, "the %s of a slice must be an int or None, and is %s", names[i], py_describe(e, part[i]));
            return false;
        }
        if (i < 2 && !known_bound(e, part[i])) known = false;
    }
    it->step = 1;
    bool stepped = part[2]->kind != PY_NONE, late = stepped && !py_static_int(e, part[2], &it->step);
    if (alone && (late || (stepped && !known && it->step > 1))) return by_positions(e, slice, size, it, reading, span);
    if (late) {
        fail(e, span, "beside other indices the step of a slice must be known when compiling, and is %s",
             py_describe(e, part[2]));
        return false;
    }
    if (it->step == 0) {
        fail(e, span, "slice step cannot be zero");
        return false;
    }
    if (!known && it->step != 1) {
        fail(e, span,
             "a slice with a step needs bounds that are known when compiling; slice first, then take every %lld-th",
             (long long)it->step);
        return false;
    }
    if (!known) return run_time_slice(e, slice, size, it);
    if (it->step < 0) return downward(e, slice, size, it);
    const Dim *from = part[0]->kind == PY_NONE ? dim_int(e->cx, 0) : clamp_bound(e, known_bound(e, part[0]), size);
    const Dim *to = part[1]->kind == PY_NONE ? size : clamp_bound(e, known_bound(e, part[1]), size);
    if (!dim_at_least(e->cx, to, from)) to = dim_max(e->cx, to, from);
    it->start = from;
    it->size = ceil_div(e, dim_sub(e->cx, to, from), it->step);
    it->full = dim_is(from, 0) && to == size && it->step == 1;
    return true;
}
