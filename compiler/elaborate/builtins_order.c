/* builtins_order: what looks at all items of something: sum, min, max, sorted, any, all; and what containers share. */
#include "elaborate/primitives.h"

#include <string.h>

static void add_item(Elab *e, void *total, Py x) {
    place_set(e, total, binary(e, OPERATOR_Add, place_get(e, total), x, e->span), e->span);
}

/* items[0] + items[1] + ... from `start` */
/* The sum so far is a variable: a generator may yield in a run-time loop. */
static Py add_yielded(Elab *e, void *data, Py x) {
    Place *total = data;
    place_set(e, total, binary(e, OPERATOR_Add, place_get(e, total), x, e->span), e->span);
    return e->none;
}

Py native_builtins_sum(Elab *e, Call *c) {
    Py *items;
    int n;
    Place *total = place_new(e, "sum()");
    place_set(e, total, c->arg[1], c->span);
    if (is_driven(c->arg[0])) {
        if (!drive(e, c->arg[0], add_yielded, total, c->span)) return e->error;
    } else if (list_grows(c->arg[0])) {
        for_each(e, c->arg[0], add_item, total, c->span);
    } else {
        if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
        for (int i = 0; i < n && total->value->kind != PY_ERROR; i++) add_yielded(e, total, items[i]);
    }
    return value_read(e, place_get(e, total), "sum()", c->span);
}

/* The smaller (or larger) of two: decided now, or a choice between numbers. */
static Py better(Elab *e, Py x, Py y, bool most, Span span) {
    Value *choose = NULL;
    if (x->kind != PY_ARRAY && y->kind != PY_ARRAY && (py_is_int(x) || x->kind == PY_BOOL) &&
        (py_is_int(y) || y->kind == PY_BOOL)) {
        int64_t a, b;
        bool sx = py_static_int(e, x, &a), sy = py_static_int(e, y, &b);
        const Dim *dx = sx ? dim_int(e->cx, a) : x->kind == PY_SCALAR ? x->scalar.dim : NULL;
        const Dim *dy = sy ? dim_int(e->cx, b) : y->kind == PY_SCALAR ? y->scalar.dim : NULL;
        if (!(sx && sy) && dx && dy && !dim_is_local(e, dx) && !dim_is_local(e, dy))
            return py_size(e, most ? dim_max(e->cx, dx, dy) : dim_min(e->cx, dx, dy));
    }
    Py less = compare(e, OPERATOR_Lt, most ? x : y, most ? y : x, span); /* y replaces x */
    int known = py_truth(e, less, &choose);
    if (known == -2) return e->error;
    if (known >= 0) return known ? y : x;
    if (x->kind != PY_ARRAY && y->kind != PY_ARRAY) {
        NumberKind a = py_number_kind(x), b = py_number_kind(y), k = a > b ? a : b;
        return py_scalar(e, k, ir_select(e->b, choose, scalar_value(e, y, k), scalar_value(e, x, k)));
    }
    Kind k = promote(e, kind_of(e, x), kind_of(e, y));
    Value *v[] = { as_kind(e, x, k), as_kind(e, y, k) };
    if (!broadcast_together(e, v, 2, "min or max", span)) return e->error;
    Py r = py_array(
        e, ir_select(e->b, ir_broadcast_scalar(e->b, choose, type_with_dtype(e->cx, v[0]->type, DT_bool)), v[1], v[0]),
        k.flavour, k.weak);
    return r;
}

/* Of a list whose length is known at run time only; an empty one is a trap. */
typedef struct {
    Place *best;
    bool most;
    Span span;
} Extreme;

static void keep_better(Elab *e, void *data, Py item) {
    const Extreme *x = data;
    Py best = place_get(e, x->best);
    place_set(e, x->best, better(e, best, item, x->most, x->span), x->span);
}

static Py extreme_grown(Elab *e, Call *c, Py list, bool most) {
    if (c->arg[1]->kind != PY_NONE || c->arg[2]->kind != PY_ELLIPSIS)
        return fail(e, c->span, "%s() of a list whose length is known at run time only takes no key and no default",
                    c->native->name);
    Extreme x = { place_new(e, c->native->name), most, c->span };
    place_set(e, x.best, growing_item(e, list, py_int(e, 0), c->span), c->span);
    for_each(e, list, keep_better, &x, c->span);
    return value_read(e, place_get(e, x.best), c->native->name, c->span);
}

/* 1 where x comes before y, 0 where it does not, -1 where that is known at run time only, -2 after an error. */
static int comes_before(Elab *e, Py x, Py y, Span span) {
    return py_truth(e, compare(e, OPERATOR_Lt, x, y, span), &(Value *){ 0 });
}

static Py *keys_of(Elab *e, int n, Py *items, Py key, Span span) {
    Py *keys = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) keys[i] = key->kind == PY_NONE ? items[i] : call_values(e, key, 1, &items[i], span);
    return keys;
}

static Py extreme_by_key(Elab *e, int n, Py *items, Py key, bool most, Span span) {
    Py *keys = keys_of(e, n, items, key, span);
    int best = 0, known = 0;
    for (int i = 1; i < n && known >= 0; i++) {
        known = most ? comes_before(e, keys[best], keys[i], span) : comes_before(e, keys[i], keys[best], span);
        if (known == 1) best = i;
    }
    if (known == -2) return e->error;
    if (known >= 0) return items[best];
    Value *order = run_order(e, n, keys, most, span);
    return order ? run_order_item(e, n, items, order, 0, span) : e->error;
}

static Py extreme(Elab *e, Call *c, bool most) {
    Py *items = c->arg[0]->contents->at, key = c->arg[1];
    int n = c->arg[0]->contents->n;
    Py list = n == 1 && is_driven(items[0]) ? call_values(e, py_native(e, "builtins", "list"), 1, items, c->span)
              : n == 1                      ? items[0]
                                            : NULL;
    if (list && list_grows(list)) return extreme_grown(e, c, list, most);
    if (list) items = &list;
    if (n == 1 && !iterate(e, items[0], &items, &n, c->span)) return e->error;
    if (!n && c->arg[2]->kind != PY_ELLIPSIS) return c->arg[2];
    if (!n) return fail(e, c->span, "%s() of nothing", c->native->name);
    bool numbers = key->kind == PY_NONE;
    for (int i = 0; i < n; i++) numbers = numbers && (py_is_number(items[i]) || items[i]->kind == PY_ARRAY);
    if (!numbers) return extreme_by_key(e, n, items, key, most, c->span);
    Py best = items[0];
    for (int i = 1; i < n && best->kind != PY_ERROR; i++) best = better(e, best, items[i], most, c->span);
    return best;
}

Py native_builtins_min(Elab *e, Call *c) { return extreme(e, c, false); }
Py native_builtins_max(Elab *e, Call *c) { return extreme(e, c, true); }

/* Stable; false after an error. */
bool sort_items(Elab *e, Py *items, int n, Py key, bool backwards, Span span) {
    if (n < 2) return true;
    Py *keys = keys_of(e, n, items, key, span);
    Py *sorted = arena_copy(e->arena, items, sizeof *items * (size_t)n),
       *given = arena_copy(e->arena, keys, sizeof *keys * (size_t)n);
    int known = 0;
    for (int i = 1; i < n && known >= 0; i++)
        for (int k = i; k > 0; k--) {
            known =
                backwards ? comes_before(e, keys[k - 1], keys[k], span) : comes_before(e, keys[k], keys[k - 1], span);
            if (known != 1) break;
            Py x = sorted[k], y = keys[k];
            sorted[k] = sorted[k - 1];
            keys[k] = keys[k - 1];
            sorted[k - 1] = x;
            keys[k - 1] = y;
        }
    if (known == -2) return false;
    Value *order = known < 0 ? run_order(e, n, given, backwards, span) : NULL;
    if (known < 0 && !order) return false;
    for (int k = 0; k < n && order; k++) {
        sorted[k] = run_order_item(e, n, items, order, k, span);
        if (sorted[k]->kind == PY_ERROR) return false;
    }
    memcpy(items, sorted, sizeof *items * (size_t)n);
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
/* any and all: the first known answer ends the search.  The answer is a variable, so that a generator may yield in a
** run-time loop. */
typedef struct {
    bool every;
    Place *answer;
    Span span;
} Search;

static bool search_item(Elab *e, Search *s, Py x) {
    Value *v = NULL;
    int known = py_truth(e, x, &v);
    if (known == s->every) return true;
    Py found = known == -2 ? e->error : py_bool(e, !s->every);
    if (known == -1)
        found = number_binary(e, s->every ? OPERATOR_BitAnd : OPERATOR_BitOr, place_get(e, s->answer),
                              py_scalar(e, NUMBER_BOOL, v), s->span);
    place_set(e, s->answer, found, s->span);
    return known == -1;
}

static Py search_yielded(Elab *e, void *data, Py x) {
    if (!search_item(e, data, x)) state_set(e, STATE_RETURN, e->span);
    return e->none;
}

static Py quantified(Elab *e, Call *c, bool every) {
    Search s = { every, place_new(e, every ? "all()" : "any()"), c->span };
    Py *items;
    int n;
    place_set(e, s.answer, py_bool(e, every), c->span);
    if (is_driven(c->arg[0])) {
        if (!drive(e, c->arg[0], search_yielded, &s, c->span)) return e->error;
    } else {
        if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
        for (int i = 0; i < n && search_item(e, &s, items[i]); i++) continue;
    }
    return value_read(e, place_get(e, s.answer), every ? "all()" : "any()", c->span);
}

Py native_builtins_any(Elab *e, Call *c) { return quantified(e, c, false); }
Py native_builtins_all(Elab *e, Call *c) { return quantified(e, c, true); }

void set_add(Elab *e, Py set, Py x) { dict_set(e, set, x, e->none); }

bool is_mapping(Elab *e, Py x) {
    return x->kind == PY_DICT || (x->kind == PY_OBJECT && class_lookup(e, x->cls, "keys"));
}

bool dict_update(Elab *e, Py dict, Py from, Span span) {
    if (from->kind == PY_DICT) {
        const Contents *k = contents_of(e, from);
        for (int i = 0; i < k->n; i++) dict_set(e, dict, k->keys[i], k->at[i]);
        return true;
    }
    bool mapping = is_mapping(e, from);
    Py *items;
    int n;
    if (!iterate(e, mapping ? call_method(e, from, "keys", 0, NULL, span) : from, &items, &n, span)) return false;
    for (int i = 0; i < n; i++) {
        if (mapping) {
            dict_set(e, dict, items[i], call_method(e, from, "__getitem__", 1, &items[i], span));
            continue;
        }
        Py *pair;
        int two;
        if (!iterate(e, items[i], &pair, &two, span)) return false;
        if (two != 2) {
            fail(e, span, "a dict is made of pairs, and element %d has %d parts", i, two);
            return false;
        }
        if (!key_fits(e, pair[0], span)) return false;
        dict_set(e, dict, pair[0], pair[1]);
    }
    return true;
}
