/* builtins_iterate: len, range, and what walks over things: zip, map, sum, sorted, any, ... */
#include "elaborate/values.h"

#include <string.h>

static Py range_length(Elab *e, Py r, Span span) {
    Py start = r->slice.start, stop = r->slice.stop, step = r->slice.step;
    int64_t a, z, k;
    if (!py_static_int(e, step, &k)) return fail(e, span, "the length of a range needs a step that is known when compiling");
    if (py_static_int(e, start, &a) && py_static_int(e, stop, &z)) {
        int64_t n = k > 0 ? (z - a + k - 1) / k : (a - z - k - 1) / -k;
        return py_int(e, n > 0 ? n : 0);
    }
    Py far = k > 0 ? stop : start, near = k > 0 ? start : stop;
    if (k < 0) k = -k;
    Py n = binary(e, OPERATOR_Sub, far, near, span);
    if (k != 1) n = binary(e, OPERATOR_FloorDiv, binary(e, OPERATOR_Add, n, py_int(e, k - 1), span), py_int(e, k), span);
    return call_values(e, py_native(e, "builtins", "max"), 2, (Py[]){ py_int(e, 0), n }, span);
}

Py native_builtins_len(Elab *e, Call *c) {
    Py x = c->arg[0];
    switch (x->kind) {
    case PY_LIST:
    case PY_TUPLE:
    case PY_DICT:
    case PY_SET: return py_int(e, contents_of(e, x)->n);
    case PY_STR: {
        int n = 0;
        for (int i = 0; i < x->str.n; i++) n += (x->str.at[i] & 0xC0) != 0x80;
        return py_int(e, n);
    }
    case PY_BYTES: return py_int(e, x->str.n);
    case PY_ARRAY:
        if (x->array.value->type->rank <= x->array.key) return fail(e, c->span, "len() of an array without axes");
        return py_size(e, x->array.value->type->dim[0]);
    case PY_RANGE: return range_length(e, x, c->span);
    case PY_GROWING: return growing_length(e, x);
    case PY_OBJECT:
        if (class_lookup(e, x->cls, "__len__")) return call_method(e, x, "__len__", 0, NULL, c->span);
        break;
    default: break;
    }
    return fail(e, c->span, "%s has no len()", py_describe(e, x));
}

Py native_builtins_range(Elab *e, Call *c) {
    const Contents *a = c->arg[0]->contents;
    if (a->n < 1 || a->n > 3) return fail(e, c->span, "range() takes 1 to 3 arguments, and was given %d", a->n);
    for (int i = 0; i < a->n; i++)
        if (!py_is_index(a->at[i])) return fail(e, c->span, "range() takes ints, and was given %s", py_describe(e, a->at[i]));
    Py r = py_new(e, PY_RANGE);
    r->slice.start = a->n == 1 ? py_int(e, 0) : a->at[0];
    r->slice.stop = a->at[a->n == 1 ? 0 : 1];
    r->slice.step = a->n == 3 ? a->at[2] : py_int(e, 1);
    Py *part[] = { &r->slice.start, &r->slice.stop, &r->slice.step };
    for (int i = 0; i < 3; i++)
        if ((*part[i])->kind == PY_ARRAY || (*part[i])->kind == PY_BOOL) *part[i] = call_values(e, py_native(e, "builtins", "int"), 1, part[i], c->span);
    int64_t k;
    if (py_static_int(e, r->slice.step, &k) && !k) return fail(e, c->span, "range() arg 3 must not be zero");
    return r;
}

Py native_builtins_enumerate(Elab *e, Call *c) { return py_lazy(e, LAZY_ENUMERATE, 2, c->arg); }

Py native_builtins_zip(Elab *e, Call *c) {
    const Contents *a = c->arg[0]->contents;
    if (c->arg[1] == e->true_) {
        int64_t first = -1, n;
        for (int i = 0; i < a->n; i++) {
            if (a->at[i]->kind == PY_LAZY || a->at[i]->kind == PY_GENERATOR) continue;
            Py length = call_values(e, py_native(e, "builtins", "len"), 1, &a->at[i], c->span);
            if (!py_static_int(e, length, &n)) continue;
            if (first < 0) first = n;
            if (n != first) return fail(e, c->span, "zip() argument %d is %s than argument 1", i + 1, n < first ? "shorter" : "longer");
        }
    }
    return py_lazy(e, LAZY_ZIP, a->n, a->at);
}

Py native_builtins_map(Elab *e, Call *c) {
    const Contents *a = c->arg[1]->contents;
    Py *part = NEW_ARRAY(e->arena, Py, a->n + 1);
    part[0] = c->arg[0];
    for (int i = 0; i < a->n; i++) part[i + 1] = a->at[i];
    return py_lazy(e, LAZY_MAP, a->n + 1, part);
}

Py native_builtins_filter(Elab *e, Call *c) { return py_lazy(e, LAZY_FILTER, 2, c->arg); }

Py native_builtins_reversed(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (x->kind == PY_LAZY || x->kind == PY_GENERATOR || x->kind == PY_SET)
        return fail(e, c->span, "%s cannot be reversed; write list(...) around it", py_describe(e, x));
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__reversed__")) return call_method(e, x, "__reversed__", 0, NULL, c->span);
    return py_lazy(e, LAZY_REVERSED, 1, &x);
}

Py native_builtins_iter(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (x->kind == PY_LAZY || x->kind == PY_GENERATOR) return x;
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__iter__")) return call_method(e, x, "__iter__", 0, NULL, c->span);
    return py_lazy(e, LAZY_ITERATOR, 1, &x);
}

/* items[0] + items[1] + ... from `start` */
Py native_builtins_sum(Elab *e, Call *c) {
    Py *items, total = c->arg[1];
    int n;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n && total->kind != PY_ERROR; i++) total = binary(e, OPERATOR_Add, total, items[i], c->span);
    return total;
}

/* The smaller (or larger) of two: decided now, or a choice between numbers. */
static Py better(Elab *e, Py x, Py y, Py kx, Py ky, bool most, Span span) {
    Value *choose = NULL;
    bool numbers = (py_is_number(x) || x->kind == PY_ARRAY) && (py_is_number(y) || y->kind == PY_ARRAY);
    if (x == kx && x->kind != PY_ARRAY && y->kind != PY_ARRAY && (py_is_int(x) || x->kind == PY_BOOL) && (py_is_int(y) || y->kind == PY_BOOL)) {
        int64_t a, b;
        bool sx = py_static_int(e, x, &a), sy = py_static_int(e, y, &b);
        const Dim *dx = sx ? dim_int(e->cx, a) : x->kind == PY_SCALAR ? x->scalar.dim : NULL;
        const Dim *dy = sy ? dim_int(e->cx, b) : y->kind == PY_SCALAR ? y->scalar.dim : NULL;
        if (!(sx && sy) && dx && dy) return py_size(e, most ? dim_max(e->cx, dx, dy) : dim_min(e->cx, dx, dy));
    }
    Py less = compare(e, OPERATOR_Lt, most ? kx : ky, most ? ky : kx, span); /* y replaces x */
    int known = py_truth(e, less, &choose);
    if (known == -2) return e->error;
    if (known >= 0) return known ? y : x;
    if (!numbers) return fail(e, span, "which is the %s of %s and %s is known at run time only", most ? "larger" : "smaller", py_describe(e, x), py_describe(e, y));
    if (x->kind != PY_ARRAY && y->kind != PY_ARRAY) {
        NumberKind a = py_number_kind(x), b = py_number_kind(y), k = a > b ? a : b;
        return py_scalar(e, k, ir_select(e->b, choose, scalar_value(e, y, k), scalar_value(e, x, k)));
    }
    Kind k = promote(e, kind_of(e, x), kind_of(e, y));
    Value *v[] = { as_kind(e, x, k), as_kind(e, y, k) };
    if (!broadcast_together(e, v, 2, "min or max", span)) return e->error;
    Py r = py_array(e, ir_select(e->b, ir_broadcast_scalar(e->b, choose, type_with_dtype(e->cx, v[0]->type, DT_bool)), v[1], v[0]), k.flavour, k.weak);
    return r;
}

static Py extreme(Elab *e, Call *c, bool most) {
    Py *items = c->arg[0]->contents->at, key = c->arg[1];
    int n = c->arg[0]->contents->n;
    if (n == 1 && !iterate(e, items[0], &items, &n, c->span)) return e->error;
    if (!n && c->arg[2]->kind != PY_ELLIPSIS) return c->arg[2];
    if (!n) return fail(e, c->span, "%s() of nothing", c->native->name);
    Py best = items[0], best_key = key->kind == PY_NONE ? best : call_values(e, key, 1, &best, c->span);
    for (int i = 1; i < n; i++) {
        Py k = key->kind == PY_NONE ? items[i] : call_values(e, key, 1, &items[i], c->span);
        Py next = better(e, best, items[i], best_key, k, most, c->span);
        if (next->kind == PY_ERROR) return next;
        if (key->kind == PY_NONE) best_key = next;
        else if (next == items[i]) best_key = k;
        best = next;
    }
    return best;
}

Py native_builtins_min(Elab *e, Call *c) { return extreme(e, c, false); }
Py native_builtins_max(Elab *e, Call *c) { return extreme(e, c, true); }

/* Stable; false after an error or where an order is known at run time only. */
bool sort_items(Elab *e, Py *items, int n, Py key, bool backwards, Span span) {
    Py *keys = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) keys[i] = key->kind == PY_NONE ? items[i] : call_values(e, key, 1, &items[i], span);
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0; k--) {
            Value *value = NULL;
            Py less = backwards ? compare(e, OPERATOR_Lt, keys[k - 1], keys[k], span) : compare(e, OPERATOR_Lt, keys[k], keys[k - 1], span);
            int known = py_truth(e, less, &value);
            if (known == -2) return false;
            if (known < 0) {
                fail(e, span, "sorting needs values that are known when compiling; jnp.sort sorts arrays at run time");
                return false;
            }
            if (!known) break;
            Py x = items[k], y = keys[k];
            items[k] = items[k - 1];
            keys[k] = keys[k - 1];
            items[k - 1] = x;
            keys[k - 1] = y;
        }
    return true;
}

Py native_builtins_sorted(Elab *e, Call *c) {
    Py *items;
    int n;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    Py list = py_list(e, n, items);
    return sort_items(e, list->contents->at, n, c->arg[1], c->arg[2] == e->true_, c->span) ? list : e->error;
}

/* any and all: at run time a chain of `or`, `and`. */
static Py quantified(Elab *e, Call *c, bool every) {
    Py *items;
    int n;
    Value *so_far = NULL;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n; i++) {
        Value *v = NULL;
        int known = py_truth(e, items[i], &v);
        if (known == -2) return e->error;
        if (known == !every) return py_bool(e, !every);
        if (known >= 0) continue;
        so_far = !so_far ? v : every ? ir_and(e->b, so_far, v) : ir_or(e->b, so_far, v);
    }
    return so_far ? py_scalar(e, NUMBER_BOOL, so_far) : py_bool(e, every);
}

Py native_builtins_any(Elab *e, Call *c) { return quantified(e, c, false); }
Py native_builtins_all(Elab *e, Call *c) { return quantified(e, c, true); }

static Py collected(Elab *e, Call *c, PyKind kind) {
    Py *items;
    int n = 0;
    if (c->arg[0]->kind == PY_TUPLE && !c->arg[0]->cls && kind == PY_TUPLE) return c->arg[0];
    if (kind == PY_LIST && c->arg[0]->kind == PY_GROWING) return c->arg[0];
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    return kind == PY_LIST ? py_list(e, n, items) : py_tuple(e, n, items);
}

Py native_builtins_list(Elab *e, Call *c) { return collected(e, c, PY_LIST); }
Py native_builtins_tuple(Elab *e, Call *c) { return collected(e, c, PY_TUPLE); }

void set_add(Elab *e, Py set, Py x) {
    Contents *c = contents_change(e, set);
    if (c->n && contents_find(e, c, x) >= 0) return;
    contents_push(e, c, x, x);
}

Py native_builtins_set(Elab *e, Call *c) {
    Py *items, set = py_set(e);
    int n;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n; i++) set_add(e, set, items[i]);
    return set;
}
Py native_builtins_frozenset(Elab *e, Call *c) { return native_builtins_set(e, c); }

bool dict_update(Elab *e, Py dict, Py from, Span span) {
    if (from->kind == PY_DICT) {
        const Contents *k = contents_of(e, from);
        for (int i = 0; i < k->n; i++) dict_set(e, dict, k->keys[i], k->at[i]);
        return true;
    }
    Py *items;
    int n;
    if (!iterate(e, from, &items, &n, span)) return false;
    for (int i = 0; i < n; i++) {
        Py *pair;
        int two;
        if (!iterate(e, items[i], &pair, &two, span)) return false;
        if (two != 2) {
            fail(e, span, "a dict is made of pairs, and element %d has %d parts", i, two);
            return false;
        }
        dict_set(e, dict, pair[0], pair[1]);
    }
    return true;
}

Py native_builtins_dict(Elab *e, Call *c) {
    Py d = py_dict(e);
    const Contents *given = c->arg[0]->contents;
    if (given->n > 1) return fail(e, c->span, "dict() takes at most 1 argument, and was given %d", given->n);
    if (given->n && !dict_update(e, d, given->at[0], c->span)) return e->error;
    return dict_update(e, d, c->arg[1], c->span) ? d : e->error;
}
