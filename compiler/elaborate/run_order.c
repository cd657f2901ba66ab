/* run_order: items put in order by keys that are known at run time only.
**
** The keys become columns of numbers, in the order in which they decide: the parts of tuples one after another, known texts as
** their places among each other. */
#include "elaborate/loops.h"
#include "elaborate/primitives.h"

#include <string.h>

static bool is_number(Py x) {
    return py_is_number(x) ||
           (x->kind == PY_ARRAY && !x->array.value->type->rank && !dtype_is_complex(x->array.value->type->dtype));
}
static bool is_text(Py x) { return x->kind == PY_STR; }
static bool is_sequence(Py x) { return (x->kind == PY_TUPLE || x->kind == PY_LIST) && !list_grows(x); }

static Py places_of_texts(Elab *e, int n, Py const *texts) {
    Py *places = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) {
        int before = 0;
        for (int k = 0; k < n; k++) before += strcmp(texts[k]->str.at, texts[i]->str.at) < 0;
        places[i] = py_int(e, before);
    }
    return py_tuple(e, n, places);
}

static bool add_columns(Elab *e, int n, Py const *keys, Values *columns, Span span) {
    bool same = true;
    for (int i = 1; i < n; i++) same = same && py_equal_static(e, keys[i], keys[0]);
    if (same) return true;
    if (py_all(n, keys, is_number) || py_all(n, keys, is_text)) {
        Py all = is_text(keys[0]) ? places_of_texts(e, n, keys) : py_tuple(e, n, (Py *)(uintptr_t)keys);
        Py column = to_array(e, all, FLAVOUR_NUMPY, span);
        if (column->kind != PY_ARRAY) return false;
        Value *v = array_value(e, column);
        PUSH(e->arena, columns, v->type->dtype == DT_bool ? ir_convert(e->b, v, DT_i64) : v);
        return true;
    }
    bool sequences = py_all(n, keys, is_sequence);
    for (int i = 0; sequences && i < n; i++)
        sequences = keys[i]->kind == keys[0]->kind && keys[i]->contents->n == keys[0]->contents->n;
    if (!sequences) {
        fail(e, span,
             "the order of these keys, such as %s, is not known when compiling; jnp.sort sorts arrays at run time",
             py_describe(e, keys[0]));
        return false;
    }
    Py *part = NEW_ARRAY(e->arena, Py, n + 1);
    for (int k = 0; k < keys[0]->contents->n; k++) {
        for (int i = 0; i < n; i++) part[i] = contents_of(e, keys[i])->at[k];
        if (!add_columns(e, n, part, columns, span)) return false;
    }
    return true;
}

/* From the largest down equal ones keep their order: that is from the smallest up, of all from the end to the beginning. */
Value *run_order(Elab *e, int n, Py const *keys, bool backwards, Span span) {
    Py *turned = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) turned[i] = keys[backwards ? n - 1 - i : i];
    Values columns = { 0 };
    if (!add_columns(e, n, turned, &columns, span)) return NULL;
    Builder *b = e->b;
    const Dim *size = dim_int(e->cx, n);
    const Type *type = type_of(e->cx, DT_i64, 1, &size);
    Value *from = ir_iota(b, type, 0);
    if (backwards) from = ir_sub(b, ir_fill_int(b, type, n - 1), from);
    if (!columns.n) return backwards ? ir_reverse(b, from, 1, (int64_t[]){ 0 }) : from;
    PUSH(e->arena, &columns, from);
    Attrs a = { .axis = 0, .keys = columns.n - 1 };
    Value *order = emit_inst(b, OP_sort, columns.at, columns.n, &a)->results[columns.n - 1];
    return backwards ? ir_reverse(b, order, 1, (int64_t[]){ 0 }) : order;
}

Py run_order_item(Elab *e, int n, Py const *items, Value *order, int k, Span span) {
    Py x = choose_item(e, n, items, ir_index0(e->b, order, ir_i64(e->b, k)), span);
    if (x) return x;
    return fail(e, span,
                "the order is known at run time only, so all items must be alike: numbers, texts, arrays of one shape, "
                "or containers of those");
}
