/* source: what a `for` runs over at run time: ranges, the rows of arrays, and zip, enumerate, reversed and map of them. */
#include "elaborate/loops.h"

bool source_runs(Elab *e, Py x) {
    switch (x->kind) {
    case PY_RANGE: return true;
    case PY_ARRAY: return x->array.value->type->rank > 0;
    case PY_LIST: return list_grows(x) && !x->contents->n;
    case PY_LAZY:
        if (x->lazy.position->n || !x->lazy.nparts) return false; /* begun already */
        switch (x->lazy.kind) {
        case LAZY_ENUMERATE:
        case LAZY_REVERSED:
        case LAZY_ITERATOR: return source_runs(e, x->lazy.part[0]);
        case LAZY_ZIP:
        case LAZY_MAP:
            for (int i = x->lazy.kind == LAZY_MAP; i < x->lazy.nparts; i++)
                if (!source_runs(e, x->lazy.part[i])) return false;
            return true;
        default: return false;
        }
    default: return false;
    }
}

/* The smaller of two counts; equal ones stay what they are. */
static Py smaller(Elab *e, Py x, Py y) {
    const Dim *a = number_dim(e, x), *b = number_dim(e, y);
    if (a && b && !dim_is_local(e, a) && !dim_is_local(e, b)) return py_size(e, dim_min(e->cx, a, b));
    return py_scalar(e, NUMBER_INT, ir_min(e->b, scalar_value(e, x, NUMBER_INT), scalar_value(e, y, NUMBER_INT)));
}

Py source_count(Elab *e, Py x, Span span) {
    switch (x->kind) {
    case PY_RANGE: return range_length(e, x, span);
    case PY_ARRAY: return py_size(e, x->array.value->type->dim[0]);
    case PY_LIST: return growing_length(e, x);
    default: break;
    }
    int first = x->lazy.kind == LAZY_MAP;
    int last = x->lazy.kind == LAZY_ENUMERATE ? 1 : x->lazy.nparts;
    Py n = source_count(e, x->lazy.part[first], span);
    for (int i = first + 1; i < last; i++) n = smaller(e, n, source_count(e, x->lazy.part[i], span));
    return n;
}

static Py row(Elab *e, Py x, Py index, Value ***slices, Span span) {
    if (!slices) return subscript(e, x, index, span);
    Py r = py_array(e, *(*slices)++, x->array.flavour, x->array.weak);
    r->array.key = x->array.key;
    return r;
}

Py source_item(Elab *e, Py x, Py index, Value ***slices, Span span) {
    switch (x->kind) {
    case PY_RANGE: {
        Py step = number_binary(e, OPERATOR_Mult, index, x->slice.step, span);
        return number_binary(e, OPERATOR_Add, x->slice.start, step, span);
    }
    case PY_ARRAY: return row(e, x, index, slices, span);
    case PY_LIST: {
        const Growing *g = x->contents->grown;
        if (!slices) return growing_item(e, x, index, span);
        Value **at = *slices;
        *slices += g->nstacked;
        return rows_rebuild(e, g->item, g->leaf, at);
    }
    default: break;
    }
    int n = x->lazy.nparts;
    Py *part = NEW_ARRAY(e->arena, Py, n + 1);
    switch (x->lazy.kind) {
    case LAZY_ENUMERATE:
        part[0] = number_binary(e, OPERATOR_Add, x->lazy.part[1], index, span);
        part[1] = source_item(e, x->lazy.part[0], index, slices, span);
        return py_tuple(e, 2, part);
    case LAZY_REVERSED: {
        Py last = number_binary(e, OPERATOR_Sub, source_count(e, x->lazy.part[0], span), py_int(e, 1), span);
        return source_item(e, x->lazy.part[0], number_binary(e, OPERATOR_Sub, last, index, span), NULL, span);
    }
    case LAZY_ITERATOR: return source_item(e, x->lazy.part[0], index, slices, span);
    case LAZY_ZIP:
        for (int i = 0; i < n; i++) part[i] = source_item(e, x->lazy.part[i], index, slices, span);
        return py_tuple(e, n, part);
    default:
        for (int i = 1; i < n; i++) part[i - 1] = source_item(e, x->lazy.part[i], index, slices, span);
        return call_values(e, x->lazy.part[0], n - 1, part, span);
    }
}

/* The arrays whose rows are handed out in order; those below `reversed` are indexed instead. */
void source_arrays(Elab *e, Py x, Values *out) {
    if (x->kind == PY_ARRAY) PUSH(e->arena, out, array_value(e, x));
    if (x->kind == PY_LIST)
        for (int i = 0; i < x->contents->grown->nstacked; i++)
            PUSH(e->arena, out, array_value(e, x->contents->grown->stacked[i]));
    if (x->kind != PY_LAZY || x->lazy.kind == LAZY_REVERSED) return;
    int last = x->lazy.kind == LAZY_ENUMERATE ? 1 : x->lazy.nparts;
    for (int i = x->lazy.kind == LAZY_MAP; i < last; i++) source_arrays(e, x->lazy.part[i], out);
}
