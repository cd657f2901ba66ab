/* indexing: x[i] and x[i] = v, by what x is. */
#include "elaborate/index.h"

#include <string.h>

/* The positions that a slice with known bounds takes of n elements. */
static bool slice_of(Elab *e, Py s, int n, int64_t *start, int64_t *step, int *count, Span span) {
    int64_t stop;
    *step = 1;
    Py part[] = { s->slice.start, s->slice.stop, s->slice.step };
    int64_t *to[] = { start, &stop, step };
    for (int i = 2; i >= 0; i--) {
        if (part[i]->kind == PY_NONE) {
            if (i == 0) *start = *step > 0 ? 0 : n - 1;
            if (i == 1) stop = *step > 0 ? n : -1;
            continue;
        }
        if (!py_static_int(e, part[i], to[i])) {
            if (part[i]->kind != PY_ERROR)
                fail(e, span, "the bounds of this slice must be known when compiling, and one is %s",
                     py_describe(e, part[i]));
            return false;
        }
        if (i == 2) {
            if (*step) continue;
            fail(e, span, "slice step cannot be zero");
            return false;
        }
        int64_t low = *step > 0 ? 0 : -1, high = *step > 0 ? n : n - 1;
        if (*to[i] < 0) *to[i] += n;
        if (*to[i] < low) *to[i] = low;
        if (*to[i] > high) *to[i] = high;
    }
    int64_t length = *step > 0 ? (stop - *start + *step - 1) / *step : (*start - stop - *step - 1) / -*step;
    *count = length > 0 ? (int)length : 0;
    return true;
}

static bool position_of(Elab *e, Py x, Py index, int n, int64_t *at, Span span) {
    if (!py_static_int(e, index, at)) {
        if (py_is_index(index))
            fail(e, span,
                 "the index into %s must be known when compiling, and is %s; stack its elements into one array to "
                 "index it at run time",
                 py_describe(e, x), py_describe(e, index));
        else
            fail(e, span, "the index into %s must be an int or a slice, and is %s", py_describe(e, x),
                 py_describe(e, index));
        return false;
    }
    int64_t k = *at < 0 ? *at + n : *at;
    if (k < 0 || k >= n) {
        fail(e, span, "index %lld is out of range for %s", (long long)*at, py_describe(e, x));
        return false;
    }
    *at = k;
    return true;
}

static Py sequence_item(Elab *e, Py x, Py index, Span span) {
    const Contents *c = contents_of(e, x);
    int64_t at, step;
    int n;
    Py chosen = item_choice(e, c->n, c->at, index, x->kind == PY_LIST ? "list" : "tuple", span);
    if (chosen) return chosen;
    if (index->kind != PY_SLICE) return position_of(e, x, index, c->n, &at, span) ? c->at[at] : e->error;
    if (!slice_of(e, index, c->n, &at, &step, &n, span)) return e->error;
    Py *items = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) items[i] = c->at[at + i * step];
    return x->kind == PY_LIST ? py_list(e, n, items) : py_tuple(e, n, items);
}

/* Where each code point of the text begins; the count. */
static int code_points(Elab *e, const char *s, int bytes, int **starts) {
    *starts = NEW_ARRAY(e->arena, int, bytes + 1);
    int n = 0;
    for (int i = 0; i < bytes; i++)
        if ((s[i] & 0xC0) != 0x80) (*starts)[n++] = i;
    (*starts)[n] = bytes;
    return n;
}

static Py text_item(Elab *e, Py x, Py index, Span span) {
    int *starts, n = code_points(e, x->str.at, x->str.n, &starts), count;
    int64_t at, step;
    if (index->kind != PY_SLICE) {
        Py *letters = NEW_ARRAY(e->arena, Py, n + 1);
        for (int i = 0; i < n; i++) letters[i] = py_str_n(e, x->str.at + starts[i], starts[i + 1] - starts[i]);
        Py chosen = item_choice(e, n, letters, index, "string", span);
        if (chosen) return chosen;
        if (!position_of(e, x, index, n, &at, span)) return e->error;
        return letters[at];
    }
    if (!slice_of(e, index, n, &at, &step, &count, span)) return e->error;
    Text t = text_new(e->arena);
    for (int i = 0; i < count; i++) {
        int64_t k = at + i * step;
        text_put(&t, x->str.at + starts[k], starts[k + 1] - starts[k]);
    }
    return py_str_n(e, t.at ? t.at : "", t.n);
}

static Py dict_item(Elab *e, Py x, Py key, Span span) {
    Py r = dict_get(e, x, key);
    if (!r) r = value_choice(e, contents_of(e, x), key, span);
    if (r) return r;
    if (!key_fits(e, key, span)) return e->error;
    if (key->kind == PY_STR) {
        const Contents *c = contents_of(e, x);
        const char *best = NULL;
        int distance = 3;
        for (int i = 0; i < c->n; i++)
            if (c->keys[i]->kind == PY_STR && edit_distance(c->keys[i]->str.at, key->str.at) < distance) {
                best = c->keys[i]->str.at;
                distance = edit_distance(best, key->str.at);
            }
        if (best) return fail(e, span, "the dict has no key '%s'; did you mean '%s'?", key->str.at, best);
        return fail(e, span, "the dict has no key '%s'", key->str.at);
    }
    return fail(e, span, "the dict has no key %s", py_describe(e, key));
}

/* range(a, b, s)[i] */
static Py range_item(Elab *e, Py x, Py index, Span span) {
    Py n = call_values(e, py_native(e, "builtins", "len"), 1, &x, span);
    int64_t k, count;
    if (index->kind == PY_SLICE) {
        int64_t at, step;
        int m;
        if (!py_static_int(e, n, &count))
            return fail(e, span, "a slice of a range needs a length that is known when compiling");
        if (!slice_of(e, index, (int)count, &at, &step, &m, span)) return e->error;
        Py each = binary(e, OPERATOR_Mult, x->slice.step, py_int(e, step), span);
        Py from =
            binary(e, OPERATOR_Add, x->slice.start, binary(e, OPERATOR_Mult, x->slice.step, py_int(e, at), span), span);
        Py r = py_new(e, PY_RANGE);
        r->slice.start = from;
        r->slice.stop = binary(e, OPERATOR_Add, from, binary(e, OPERATOR_Mult, each, py_int(e, m), span), span);
        r->slice.step = each;
        return r;
    }
    if (py_static_int(e, index, &k)) {
        if (py_static_int(e, n, &count) && (k < -count || k >= count))
            return fail(e, span, "range index %lld is out of range", (long long)k);
        if (k < 0) index = binary(e, OPERATOR_Add, n, index, span);
    }
    return binary(e, OPERATOR_Add, x->slice.start, binary(e, OPERATOR_Mult, index, x->slice.step, span), span);
}

Py subscript(Elab *e, Py x, Py index, Span span) {
    if (x->kind == PY_ERROR || index->kind == PY_ERROR) return e->error;
    switch (x->kind) {
    case PY_ARRAY: return index_read(e, x, index, span);
    case PY_LIST:
        return list_grows(x) && !x->contents->n ? growing_item(e, x, index, span) : sequence_item(e, x, index, span);
    case PY_TUPLE:
        if (!x->cls || !class_lookup(e, x->cls, "__getitem__")) return sequence_item(e, x, index, span);
        return call_method(e, x, "__getitem__", 1, &index, span);
    case PY_STR: return text_item(e, x, index, span);
    case PY_DICT: return dict_item(e, x, index, span);
    case PY_RANGE: return range_item(e, x, index, span);
    case PY_OBJECT:
        if (class_lookup(e, x->cls, "__getitem__")) return call_method(e, x, "__getitem__", 1, &index, span);
        break;
    case PY_CLOSURE: /* x.at[index] */
        if (strcmp(x->closure.name, "at") == 0)
            return py_closure(e, "at_index", x->closure.call, index, x->closure.inner);
        break;
    case PY_TYPE:
    case PY_CLASS: /* list[int], Generic[T]: for annotations only */ return x;
    case PY_TEXT: return fail(e, span, "the characters of a str known at run time cannot be taken apart");
    case PY_SET: return fail(e, span, "a set has no order, so no index; write sorted(...)[i]");
    default: break;
    }
    return fail(e, span, "%s cannot be indexed", py_describe(e, x));
}

static void list_set(Elab *e, Py x, Py index, Py v, Span span) {
    const Contents *have = contents_of(e, x);
    int64_t at, step;
    int n, count;
    if (item_choice_set(e, x, index, v, span)) return;
    if (index->kind != PY_SLICE) {
        if (position_of(e, x, index, have->n, &at, span)) contents_change(e, x)->at[at] = v;
        return;
    }
    Py *items;
    if (!slice_of(e, index, have->n, &at, &step, &n, span) || !iterate(e, v, &items, &count, span)) return;
    if (step != 1) {
        if (n != count)
            fail(e, span, "attempt to assign a sequence of %d to an extended slice of %d", count, n);
        else {
            Contents *c = contents_change(e, x);
            for (int i = 0; i < n; i++) c->at[at + i * step] = items[i];
        }
        return;
    }
    int rest = have->n - (int)at - n;
    Py *tail = NEW_ARRAY(e->arena, Py, rest + 1);
    for (int i = 0; i < rest; i++) tail[i] = have->at[at + n + i];
    Contents *c = contents_change(e, x);
    c->n = (int)at;
    for (int i = 0; i < count; i++) contents_push(e, c, NULL, items[i]);
    for (int i = 0; i < rest; i++) contents_push(e, c, NULL, tail[i]);
}

Py subscript_set(Elab *e, Py x, Py index, Py v, Span span) {
    if (x->kind == PY_ERROR || index->kind == PY_ERROR || v->kind == PY_ERROR) return e->error;
    switch (x->kind) {
    case PY_ARRAY: return index_write(e, x, index, v, COMBINE_SET, false, span);
    case PY_LIST: list_set(e, x, index, v, span); return x;
    case PY_DICT: dict_set(e, x, index, v); return x;
    case PY_OBJECT:
        if (class_lookup(e, x->cls, "__setitem__")) {
            call_method(e, x, "__setitem__", 2, (Py[]){ index, v }, span);
            return x;
        }
        break;
    case PY_TUPLE: return fail(e, span, "a tuple does not change; make a list of it, or a new tuple");
    case PY_STR:
    case PY_TEXT: return fail(e, span, "a str does not change; build a new one");
    default: break;
    }
    return fail(e, span, "elements of %s cannot be set", py_describe(e, x));
}
