/* methods_container: the methods of list, tuple, dict, set and of numbers. */
#include "elaborate/primitives.h"

#include <math.h>
#include <string.h>

static void insert_at(Elab *e, Py list, int at, Py x) {
    Contents *l = contents_change(e, list);
    contents_push(e, l, NULL, x);
    for (int i = l->n - 1; i > at; i--) l->at[i] = l->at[i - 1];
    l->at[at] = x;
}

static void remove_at(Elab *e, Py x, int at) {
    Contents *l = contents_change(e, x);
    for (int i = at; i + 1 < l->n; i++) {
        l->at[i] = l->at[i + 1];
        if (l->keys) l->keys[i] = l->keys[i + 1];
    }
    l->n--;
}

Py native_list_append(Elab *e, Call *c) {
    contents_push(e, contents_change(e, c->arg[0]), NULL, c->arg[1]);
    return e->none;
}

Py native_list_extend(Elab *e, Call *c) {
    Py *items;
    int n;
    if (!iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    Contents *l = contents_change(e, c->arg[0]);
    for (int i = 0; i < n; i++) contents_push(e, l, NULL, items[i]);
    return e->none;
}

/* A static index; -1 after an error. */
static int position(Elab *e, Call *c, Py x, int n, bool end) {
    int64_t i;
    if (!py_static_int(e, x, &i)) {
        fail(e, c->span, "%s() takes an int that is known when compiling, and was given %s", c->native->name,
             py_describe(e, x));
        return -1;
    }
    if (i < 0) i += n;
    if (end) return i < 0 ? 0 : i > n ? n : (int)i;
    if (i >= 0 && i < n) return (int)i;
    fail(e, c->span, n ? "%s index out of range" : "%s from an empty list", c->native->name);
    return -1;
}

Py native_list_insert(Elab *e, Call *c) {
    int at = position(e, c, c->arg[1], contents_of(e, c->arg[0])->n, true);
    if (at < 0) return e->error;
    insert_at(e, c->arg[0], at, c->arg[2]);
    return e->none;
}

Py native_list_pop(Elab *e, Call *c) {
    const Contents *l = contents_of(e, c->arg[0]);
    int at = position(e, c, c->arg[1], l->n, false);
    if (at < 0) return e->error;
    Py x = l->at[at];
    remove_at(e, c->arg[0], at);
    return x;
}

Py native_list_clear(Elab *e, Call *c) {
    contents_change(e, c->arg[0])->n = 0;
    return e->none;
}
Py native_list_copy(Elab *e, Call *c) {
    const Contents *l = contents_of(e, c->arg[0]);
    return py_list(e, l->n, l->at);
}

Py native_list_reverse(Elab *e, Call *c) {
    Contents *l = contents_change(e, c->arg[0]);
    for (int i = 0, k = l->n - 1; i < k; i++, k--) {
        Py x = l->at[i];
        l->at[i] = l->at[k];
        l->at[k] = x;
    }
    return e->none;
}

Py native_list_sort(Elab *e, Call *c) {
    const Contents *l = contents_of(e, c->arg[0]);
    Py sorted = py_list(e, l->n, l->at);
    if (!sort_items(e, sorted->contents->at, l->n, c->arg[1], c->arg[2] == e->true_, c->span)) return e->error;
    Contents *to = contents_change(e, c->arg[0]);
    for (int i = 0; i < to->n; i++) to->at[i] = sorted->contents->at[i];
    return e->none;
}

/* Where an equal element stands; -1: nowhere; -2: known at run time only, or an error. */
static int find(Elab *e, Call *c) {
    const Contents *l = contents_of(e, c->arg[0]);
    for (int i = 0; i < l->n; i++) {
        Value *v = NULL;
        int same = l->at[i] == c->arg[1] ? 1 : py_truth(e, compare(e, OPERATOR_Eq, l->at[i], c->arg[1], c->span), &v);
        if (same == 1) return i;
        if (same == -1) fail(e, c->span, "%s() needs values that are known when compiling", c->native->name);
        if (same < 0) return -2;
    }
    return -1;
}

Py native_list_index(Elab *e, Call *c) {
    int i = find(e, c);
    if (i == -1) return fail(e, c->span, "%s is not in the list", py_describe(e, c->arg[1]));
    return i < 0 ? e->error : py_int(e, i);
}
Py native_tuple_index(Elab *e, Call *c) { return native_list_index(e, c); }

Py native_list_remove(Elab *e, Call *c) {
    int i = find(e, c);
    if (i == -1) return fail(e, c->span, "%s is not in the list", py_describe(e, c->arg[1]));
    if (i >= 0) remove_at(e, c->arg[0], i);
    return e->none;
}

Py native_list_count(Elab *e, Call *c) {
    const Contents *l = contents_of(e, c->arg[0]);
    int n = 0;
    for (int i = 0; i < l->n; i++) {
        Value *v = NULL;
        int same = py_truth(e, compare(e, OPERATOR_Eq, l->at[i], c->arg[1], c->span), &v);
        if (same < 0)
            return same == -1 ? fail(e, c->span, "count() needs values that are known when compiling") : e->error;
        n += same;
    }
    return py_int(e, n);
}
Py native_tuple_count(Elab *e, Call *c) { return native_list_count(e, c); }

Py native_dict_get(Elab *e, Call *c) {
    Py x = dict_get(e, c->arg[0], c->arg[1]);
    return x ? x : c->arg[2];
}

static Py entries(Elab *e, Call *c, bool keys, bool values) {
    const Contents *d = contents_of(e, c->arg[0]);
    Py *items = NEW_ARRAY(e->arena, Py, d->n + 1);
    for (int i = 0; i < d->n; i++)
        items[i] = keys && values ? py_tuple(e, 2, (Py[]){ d->keys[i], d->at[i] }) : keys ? d->keys[i] : d->at[i];
    return py_list(e, d->n, items);
}
Py native_dict_keys(Elab *e, Call *c) { return entries(e, c, true, false); }
Py native_dict_values(Elab *e, Call *c) { return entries(e, c, false, true); }
Py native_dict_items(Elab *e, Call *c) { return entries(e, c, true, true); }

Py native_dict_update(Elab *e, Call *c) {
    const Contents *given = c->arg[1]->contents;
    for (int i = 0; i < given->n; i++)
        if (!dict_update(e, c->arg[0], given->at[i], c->span)) return e->error;
    dict_update(e, c->arg[0], c->arg[2], c->span);
    return e->none;
}

Py native_dict_setdefault(Elab *e, Call *c) {
    Py x = dict_get(e, c->arg[0], c->arg[1]);
    if (x) return x;
    dict_set(e, c->arg[0], c->arg[1], c->arg[2]);
    return c->arg[2];
}

Py native_dict_pop(Elab *e, Call *c) {
    const Contents *d = contents_of(e, c->arg[0]);
    int i = contents_find(e, d, c->arg[1]);
    if (i < 0) {
        if (c->arg[2]->contents->n) return c->arg[2]->contents->at[0];
        return subscript(e, c->arg[0], c->arg[1], c->span);
    }
    Py x = d->at[i];
    remove_at(e, c->arg[0], i);
    return x;
}

Py native_dict_popitem(Elab *e, Call *c) {
    const Contents *d = contents_of(e, c->arg[0]);
    if (!d->n) return fail(e, c->span, "popitem(): dictionary is empty");
    Py pair = py_tuple(e, 2, (Py[]){ d->keys[d->n - 1], d->at[d->n - 1] });
    remove_at(e, c->arg[0], d->n - 1);
    return pair;
}

Py native_dict_copy(Elab *e, Call *c) {
    Py d = py_dict(e);
    dict_update(e, d, c->arg[0], c->span);
    return d;
}
Py native_dict_clear(Elab *e, Call *c) { return native_list_clear(e, c); }

Py native_dict_fromkeys(Elab *e, Call *c) {
    Py *items, d = py_dict(e);
    int n;
    if (!iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n; i++) dict_set(e, d, items[i], c->arg[1]);
    return d;
}

Py native_set_add(Elab *e, Call *c) {
    set_add(e, c->arg[0], c->arg[1]);
    return e->none;
}

static Py discard(Elab *e, Call *c, bool must) {
    int i = contents_find(e, contents_of(e, c->arg[0]), c->arg[1]);
    if (i >= 0)
        remove_at(e, c->arg[0], i);
    else if (must)
        return fail(e, c->span, "%s is not in the set", py_describe(e, c->arg[1]));
    return e->none;
}
Py native_set_discard(Elab *e, Call *c) { return discard(e, c, false); }
Py native_set_remove(Elab *e, Call *c) { return discard(e, c, true); }
Py native_set_clear(Elab *e, Call *c) { return native_list_clear(e, c); }
Py native_set_copy(Elab *e, Call *c) { return call_values(e, py_native(e, "builtins", "set"), 1, c->arg, c->span); }

Py native_set_update(Elab *e, Call *c) {
    const Contents *given = c->arg[1]->contents;
    for (int i = 0; i < given->n; i++) {
        Py *items;
        int n;
        if (!iterate(e, given->at[i], &items, &n, c->span)) return e->error;
        for (int k = 0; k < n; k++) set_add(e, c->arg[0], items[k]);
    }
    return e->none;
}

static Py combined(Elab *e, Call *c, Operator op) {
    Py other = call_values(e, py_native(e, "builtins", "set"), 1, &c->arg[1], c->span);
    return binary(e, op, c->arg[0], other, c->span);
}
Py native_set_union(Elab *e, Call *c) { return combined(e, c, OPERATOR_BitOr); }
Py native_set_intersection(Elab *e, Call *c) { return combined(e, c, OPERATOR_BitAnd); }
Py native_set_difference(Elab *e, Call *c) { return combined(e, c, OPERATOR_Sub); }
Py native_set_symmetric_difference(Elab *e, Call *c) { return combined(e, c, OPERATOR_BitXor); }

static Py within(Elab *e, Py small, Py big) {
    const Contents *s = contents_of(e, small), *b = contents_of(e, big);
    for (int i = 0; i < s->n; i++)
        if (contents_find(e, b, s->at[i]) < 0) return e->false_;
    return e->true_;
}
static Py as_set(Elab *e, Py x, Span span) { return call_values(e, py_native(e, "builtins", "set"), 1, &x, span); }
Py native_set_issubset(Elab *e, Call *c) { return within(e, c->arg[0], as_set(e, c->arg[1], c->span)); }
Py native_set_issuperset(Elab *e, Call *c) { return within(e, as_set(e, c->arg[1], c->span), c->arg[0]); }
Py native_set_isdisjoint(Elab *e, Call *c) { return py_bool(e, !contents_of(e, combined(e, c, OPERATOR_BitAnd))->n); }

Py native_int_bit_length(Elab *e, Call *c) {
    int64_t n;
    int bits = 0;
    if (!py_static_int(e, c->arg[0], &n))
        return fail(e, c->span, "bit_length() needs an int that is known when compiling");
    for (uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n; u; u >>= 1) bits++;
    return py_int(e, bits);
}
Py native_int_bit_count(Elab *e, Call *c) {
    int64_t n;
    int bits = 0;
    if (!py_static_int(e, c->arg[0], &n))
        return fail(e, c->span, "bit_count() needs an int that is known when compiling");
    for (uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n; u; u >>= 1) bits += u & 1;
    return py_int(e, bits);
}
Py native_int_is_integer(Elab *e, Call *c) {
    (void)c;
    return e->true_;
}
Py native_int_conjugate(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_int_property_real(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_int_property_imag(Elab *e, Call *c) {
    (void)c;
    return py_int(e, 0);
}
Py native_float_is_integer(Elab *e, Call *c) {
    if (c->arg[0]->kind == PY_FLOAT)
        return py_bool(e, isfinite(c->arg[0]->number) && c->arg[0]->number == trunc(c->arg[0]->number));
    Value *v = scalar_value(e, c->arg[0], NUMBER_FLOAT);
    return py_scalar(e, NUMBER_BOOL, ir_eq(e->b, v, ir_trunc(e->b, v)));
}
Py native_float_conjugate(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_float_property_real(Elab *e, Call *c) {
    (void)e;
    return c->arg[0];
}
Py native_float_property_imag(Elab *e, Call *c) {
    (void)c;
    return py_float(e, 0);
}

static Py complex_part(Elab *e, Py x, bool real) {
    if (x->kind == PY_COMPLEX) return py_float(e, real ? x->number : x->imag);
    Value *v = scalar_value(e, x, NUMBER_COMPLEX);
    return py_scalar(e, NUMBER_FLOAT, real ? ir_real(e->b, v) : ir_imag(e->b, v));
}
Py native_complex_property_real(Elab *e, Call *c) { return complex_part(e, c->arg[0], true); }
Py native_complex_property_imag(Elab *e, Call *c) { return complex_part(e, c->arg[0], false); }
Py native_complex_conjugate(Elab *e, Call *c) {
    if (c->arg[0]->kind == PY_COMPLEX) return py_complex(e, c->arg[0]->number, -c->arg[0]->imag);
    return py_scalar(e, NUMBER_COMPLEX, ir_conj(e->b, scalar_value(e, c->arg[0], NUMBER_COMPLEX)));
}
