/* iterate: the values of an iterable, where their number is known when compiling.
**
** What is consumed once (zip, map, generators, iterators) is made whole at the first touch and then remembers how far it
** has been read. */
#include "elaborate/values.h"
#include "jxl/runtime.h"

#include <string.h>

enum { MOST_ITEMS = 100000 };

typedef struct {
    Py list; /* through the journal: what an attempt yields may be taken back */
    Span span;
} Collected;

static Py collect(Elab *e, void *data, Py x) {
    Collected *c = data;
    Contents *items = contents_change(e, c->list);
    contents_push(e, items, NULL, x);
    if (items->n > MOST_ITEMS) {
        fail(e, c->span, "this generator gives more than %d values; it must end where it is consumed whole",
             MOST_ITEMS);
        state_set(e, STATE_RETURN, c->span);
    }
    return e->none;
}

static bool characters(Elab *e, Py x, Py **items, int *n) {
    Leaves out = { 0 };
    for (int i = 0; i < x->str.n;) {
        int length = 1;
        while (i + length < x->str.n && (x->str.at[i + length] & 0xc0) == 0x80) length++;
        Py one = py_str_n(e, x->str.at + i, length);
        PUSH(e->arena, &out, one);
        i += length;
    }
    *items = out.at;
    *n = out.n;
    return true;
}

static bool range_items(Elab *e, Py x, Py **items, int *n, Span span) {
    int64_t start, stop, step;
    if (!py_static_int(e, x->slice.start, &start) || !py_static_int(e, x->slice.stop, &stop) ||
        !py_static_int(e, x->slice.step, &step)) {
        fail(e, span,
             "how often this is repeated is known at run time only; a list of run-time length is made by a `for` with "
             "append");
        return false;
    }
    int64_t count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
    if (count < 0) count = 0;
    if (count > MOST_ITEMS * 10) {
        fail(e, span, "%lld values are too many to be listed when compiling", (long long)count);
        return false;
    }
    *items = NEW_ARRAY(e->arena, Py, count + 1);
    for (int64_t i = 0; i < count; i++) (*items)[i] = py_int(e, start + i * step);
    *n = (int)count;
    return true;
}

static bool rows(Elab *e, Py x, Py **items, int *n, Span span) {
    const Type *t = x->array.value->type;
    int64_t count;
    if (!t->rank) {
        fail(e, span, "a 0-d array cannot be iterated over");
        return false;
    }
    if (!dim_is_int(t->dim[0], &count)) {
        fail(e, span, "the %s rows of %s are counted at run time only; take them apart by a `for`",
             dim_text(e->cx, t->dim[0]), type_text(e->cx, t));
        return false;
    }
    *items = NEW_ARRAY(e->arena, Py, count + 1);
    for (int64_t i = 0; i < count; i++) (*items)[i] = subscript(e, x, py_int(e, i), span);
    *n = (int)count;
    return true;
}

static bool fresh_items(Elab *e, Py x, Py **items, int *n, Span span);

/* zip, enumerate, map, filter and reversed made of their parts. */
static bool lazy_items(Elab *e, Py x, Py **items, int *n, Span span) {
    int parts = x->lazy.nparts, shortest = -1;
    int first = x->lazy.kind == LAZY_MAP || x->lazy.kind == LAZY_FILTER;
    Py **part = NEW_ARRAY(e->arena, Py *, parts + 1);
    Leaves out = { 0 };
    for (int i = first; i < (x->lazy.kind == LAZY_ENUMERATE ? 1 : parts); i++) {
        int count;
        if (!iterate(e, x->lazy.part[i], &part[i], &count, span)) return false;
        if (x->lazy.strict && shortest >= 0 && count != shortest) {
            fail(e, span, "zip with strict=True: the parts have %d and %d items", shortest, count);
            return false;
        }
        if (shortest < 0 || count < shortest) shortest = count;
    }
    for (int k = 0; k < shortest; k++) {
        Py *row = NEW_ARRAY(e->arena, Py, parts + 1), one = e->none;
        switch (x->lazy.kind) {
        case LAZY_ZIP:
            for (int i = 0; i < parts; i++) row[i] = part[i][k];
            one = py_tuple(e, parts, row);
            break;
        case LAZY_ENUMERATE:
            row[0] = number_binary(e, OPERATOR_Add, x->lazy.part[1], py_int(e, k), span);
            row[1] = part[0][k];
            one = py_tuple(e, 2, row);
            break;
        case LAZY_MAP:
            for (int i = 1; i < parts; i++) row[i - 1] = part[i][k];
            one = call_values(e, x->lazy.part[0], parts - 1, row, span);
            break;
        case LAZY_FILTER: {
            Value *v;
            Py keep =
                x->lazy.part[0]->kind == PY_NONE ? part[1][k] : call_values(e, x->lazy.part[0], 1, &part[1][k], span);
            int known = py_truth(e, keep, &v);
            if (known == -1)
                fail(e, span, "whether filter keeps an item is known at run time only; write a `for` with append");
            if (known < 0) return false;
            if (!known) continue;
            one = part[1][k];
            break;
        }
        case LAZY_REVERSED: one = part[0][shortest - 1 - k]; break;
        case LAZY_ITERATOR: one = part[0][k]; break;
        }
        PUSH(e->arena, &out, one);
    }
    *items = out.at;
    *n = out.n;
    return true;
}

static bool never_ends(Elab *e, Py x, Span span) {
    if (!is_endless(x)) return false;
    fail(e, span, "the generator %s never ends: take what is needed by next() or itertools.islice",
         x->generator.function->function.name);
    return true;
}

/* Makes a once-only iterable whole; what is left of it. */
static bool remaining(Elab *e, Py x, Py **items, int *n, Span span) {
    if (never_ends(e, x, span)) return false;
    const Contents *c = contents_of(e, x);
    if (!c->n) {
        Py *all;
        int count;
        if (is_driven(x)) {
            Collected got = { py_list(e, 0, NULL), span };
            if (!drive(e, x, collect, &got, span)) return false;
            const Contents *whole = contents_of(e, got.list);
            contents_change(e, x)->at[0] = py_tuple(e, whole->n, whole->at);
            *items = whole->at;
            *n = whole->n;
            return true;
        } else if (!lazy_items(e, x, &all, &count, span)) {
            return false;
        }
        Contents *started = contents_change(e, x);
        contents_push(e, started, NULL, py_tuple(e, count, all));
        contents_push(e, started, NULL, py_int(e, 0));
        c = started;
    }
    int from = (int)c->at[1]->integer;
    if (from == GENERATOR_LEFT) {
        fail(e, span, "this generator was left before its end; to go on with it, keep its values: list(...)");
        return false;
    }
    *items = c->at[0]->contents->at ? c->at[0]->contents->at + from : NULL;
    *n = c->at[0]->contents->n - from;
    return true;
}

static void consume(Elab *e, Py x, int n) {
    Contents *c = contents_change(e, x);
    c->at[1] = py_int(e, c->at[1]->integer + n);
}

static bool fresh_items(Elab *e, Py x, Py **items, int *n, Span span) {
    const Contents *c;
    switch (x->kind) {
    case PY_ERROR: return false;
    case PY_LIST:
    case PY_TUPLE:
        c = contents_of(e, x);
        *items = c->at;
        *n = c->n;
        return true;
    case PY_DICT:
    case PY_SET:
        c = contents_of(e, x);
        *items = c->keys;
        *n = c->n;
        return true;
    case PY_STR: return characters(e, x, items, n);
    case PY_RANGE: return range_items(e, x, items, n, span);
    case PY_ARRAY: return rows(e, x, items, n, span);
    case PY_LAZY:
    case PY_GENERATOR:
        if (!remaining(e, x, items, n, span)) return false;
        consume(e, x, *n);
        return true;
    case PY_OBJECT:
        if (class_lookup(e, x->cls, "__iter__"))
            return iterate(e, call_method(e, x, "__iter__", 0, NULL, span), items, n, span);
        break;
    default: break;
    }
    fail(e, span, "%s cannot be iterated over", py_describe(e, x));
    return false;
}

bool iterate(Elab *e, Py x, Py **items, int *n, Span span) {
    Py *all;
    if (!fresh_items(e, x, &all, n, span)) return false;
    /* a copy: what is iterated over may change meanwhile */
    *items = NEW_ARRAY(e->arena, Py, *n + 1);
    for (int i = 0; i < *n; i++) (*items)[i] = value_read(e, all[i], "this element", span);
    return true;
}

/* natives */

Py native_builtins_iter(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (x->kind == PY_LAZY || x->kind == PY_GENERATOR) return x;
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__iter__"))
        return call_method(e, x, "__iter__", 0, NULL, c->span);
    return py_lazy(e, LAZY_ITERATOR, 1, &x);
}

Py native_builtins_next(Elab *e, Call *c) {
    Py x = c->arg[0], *items;
    int n;
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__next__"))
        return call_method(e, x, "__next__", 0, NULL, c->span);
    if (x->kind != PY_LAZY && x->kind != PY_GENERATOR)
        return fail(e, c->span, "next() takes an iterator, and was given %s; write next(iter(...))", py_describe(e, x));
    if (is_endless(x)) return endless_next(e, x, c->span);
    if (!remaining(e, x, &items, &n, c->span)) return e->error;
    if (!n)
        return c->arg[1]->kind == PY_ELLIPSIS ? fail(e, c->span, "StopIteration: the iterator has no more items")
                                              : c->arg[1];
    Py one = items[0];
    consume(e, x, 1);
    return one;
}

/* An object's __iter__ is asked at once, so that a generator it gives hands over its values as they come. */
static Py begun(Elab *e, Py x, Span span) {
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__iter__"))
        return call_method(e, x, "__iter__", 0, NULL, span);
    return x;
}
static Py lazy_of(Elab *e, LazyKind kind, int n, Py const *parts, Span span) {
    Py *own = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = 0; i < n; i++) own[i] = begun(e, parts[i], span);
    return py_lazy(e, kind, n, own);
}

Py native_builtins_zip(Elab *e, Call *c) {
    Value *v;
    Py x = lazy_of(e, LAZY_ZIP, c->arg[0]->contents->n, c->arg[0]->contents->at, c->span);
    x->lazy.strict = py_truth(e, c->arg[1], &v) == 1;
    return x;
}
Py native_builtins_enumerate(Elab *e, Call *c) { return lazy_of(e, LAZY_ENUMERATE, 2, c->arg, c->span); }
Py native_builtins_reversed(Elab *e, Call *c) {
    if (c->arg[0]->kind == PY_RANGE) { /* a range again: its length may be known at run time only */
        Py x = c->arg[0], n = call_values(e, py_native(e, "builtins", "len"), 1, &x, c->span);
        Py last = number_binary(e, OPERATOR_Mult, number_binary(e, OPERATOR_Sub, n, py_int(e, 1), c->span),
                                x->slice.step, c->span);
        Py r = py_new(e, PY_RANGE);
        r->slice.start = number_binary(e, OPERATOR_Add, x->slice.start, last, c->span);
        r->slice.stop = number_binary(e, OPERATOR_Sub, x->slice.start, x->slice.step, c->span);
        r->slice.step = number_unary(e, OPERATOR_USub, x->slice.step, c->span);
        return r;
    }
    return py_lazy(e, LAZY_REVERSED, 1, c->arg);
}
Py native_builtins_filter(Elab *e, Call *c) { return lazy_of(e, LAZY_FILTER, 2, c->arg, c->span); }
Py native_builtins_map(Elab *e, Call *c) {
    int n = c->arg[1]->contents->n;
    Py *parts = NEW_ARRAY(e->arena, Py, n + 2);
    parts[0] = c->arg[0];
    for (int i = 0; i < n; i++) parts[i + 1] = c->arg[1]->contents->at[i];
    return lazy_of(e, LAZY_MAP, n + 1, parts, c->span);
}

Py native_builtins_range(Elab *e, Call *c) {
    Py r = py_new(e, PY_RANGE), a = c->arg[0], b = c->arg[1], s = c->arg[2];
    r->slice.start = b->kind == PY_NONE ? py_int(e, 0) : a;
    r->slice.stop = b->kind == PY_NONE ? a : b;
    r->slice.step = s;
    Py *part[] = { &r->slice.start, &r->slice.stop, &r->slice.step };
    for (int i = 0; i < 3; i++) {
        int64_t n;
        if (py_static_int(e, *part[i], &n))
            *part[i] = py_int(e, n);
        else if ((*part[i])->kind == PY_ARRAY && py_is_index(*part[i]))
            *part[i] = py_scalar(e, NUMBER_INT, ir_convert(e->b, array_value(e, *part[i]), DT_i64));
        else if (!py_is_int(*part[i]))
            return fail(e, c->span, "range() takes ints, and was given %s", py_describe(e, *part[i]));
    }
    if (r->slice.step->kind == PY_INT && !r->slice.step->integer)
        return fail(e, c->span, "the step of range() must not be zero");
    return r;
}

/* How often a range repeats. */
Py range_length(Elab *e, Py r, Span span) {
    Py step = r->slice.step, one = py_int(e, 1), zero = py_int(e, 0);
    bool down = step->kind == PY_INT && step->integer < 0;
    Py from = down ? r->slice.stop : r->slice.start, to = down ? r->slice.start : r->slice.stop;
    Py width = number_binary(e, OPERATOR_Sub, to, from, span);
    if (down) step = py_int(e, -step->integer);
    Py n = width;
    if (!(step->kind == PY_INT && step->integer == 1))
        n = number_binary(e, OPERATOR_FloorDiv,
                          number_binary(e, OPERATOR_Add, width, number_binary(e, OPERATOR_Sub, step, one, span), span),
                          step, span);
    return number_max(e, n, zero);
}

Py native_builtins_len(Elab *e, Call *c) {
    Py x = c->arg[0], *items;
    int n;
    switch (x->kind) {
    case PY_ARRAY:
        if (!x->array.value->type->rank) return fail(e, c->span, "len() of a 0-d array");
        return py_size(e, x->array.value->type->dim[0]);
    case PY_RANGE: return range_length(e, x, c->span);
    case PY_LIST:
        if (list_grows(x)) return growing_length(e, x);
        return py_int(e, contents_of(e, x)->n);
    case PY_TUPLE:
    case PY_DICT:
    case PY_SET: return py_int(e, contents_of(e, x)->n);
    case PY_STR:
        if (!iterate(e, x, &items, &n, c->span)) return e->error;
        return py_int(e, n);
    case PY_BYTES: return py_int(e, x->str.n);
    case PY_TEXT: return text_ask(e, TEXT_LENGTH, x, x, c->span);
    case PY_OBJECT:
        if (class_lookup(e, x->cls, "__len__")) return call_method(e, x, "__len__", 0, NULL, c->span);
        break;
    default: break;
    }
    return fail(e, c->span, "%s has no length", py_describe(e, x));
}

static Py listed(Elab *e, Call *c, Py (*make)(Elab *, int, Py const *)) {
    Py *items, x = c->arg[0];
    int n;
    if (never_ends(e, x, c->span)) return e->error;
    if (is_driven(x)) {
        Collected got = { py_list(e, 0, NULL), c->span };
        if (!drive(e, x, collect, &got, c->span)) return e->error;
        x = got.list;
    }
    if (make == py_list && list_grows(x)) {
        Py copy = py_list(e, 0, NULL);
        *copy->contents = *x->contents;
        copy->contents->epoch = -1;
        return copy;
    }
    if (c->arg[0]->kind == PY_NONE) return make(e, 0, NULL);
    return iterate(e, x, &items, &n, c->span) ? make(e, n, items) : e->error;
}
Py native_builtins_list(Elab *e, Call *c) { return listed(e, c, py_list); }
Py native_builtins_tuple(Elab *e, Call *c) { return listed(e, c, py_tuple); }

Py native_builtins_set(Elab *e, Call *c) {
    Py s = py_set(e), *items;
    int n = 0;
    if (c->arg[0]->kind != PY_NONE && !iterate(e, c->arg[0], &items, &n, c->span)) return e->error;
    for (int i = 0; i < n; i++)
        if (key_fits(e, items[i], c->span)) dict_set(e, s, items[i], e->none);
    return s;
}
Py native_builtins_frozenset(Elab *e, Call *c) { return native_builtins_set(e, c); }

Py native_builtins_dict(Elab *e, Call *c) {
    Py d = py_dict(e), from = c->arg[0];
    if (from->kind != PY_NONE && !dict_update(e, d, from, c->span)) return e->error;
    const Contents *named = contents_of(e, c->arg[1]);
    for (int i = 0; i < named->n; i++) dict_set(e, d, named->keys[i], named->at[i]);
    return d;
}
