/* generators: their values, and those of zip, enumerate, map and filter of them, handed over as they come. */
#include "elaborate/values.h"

/* Which part of a lazy iterable is a generator that has not begun, and drives the others; -1: none. */
static int driving_part(Py x) {
    int first = x->lazy.kind == LAZY_MAP || x->lazy.kind == LAZY_FILTER;
    int last = x->lazy.kind == LAZY_ENUMERATE ? 1 : x->lazy.nparts;
    if (x->lazy.kind == LAZY_REVERSED || x->lazy.position->n) return -1;
    for (int i = first; i < last; i++)
        if (is_driven(x->lazy.part[i])) return i;
    return -1;
}

bool is_driven(Py x) {
    if (x->kind == PY_GENERATOR) return !x->generator.position->n;
    return x->kind == PY_LAZY && driving_part(x) >= 0;
}

/* zip, enumerate, map and filter of a generator: what it yields goes through them as it comes. */
typedef struct {
    Py lazy;
    int driver, *counts;
    Py **part; /* the items of the others */
    Place *position;
    Py (*on_item)(Elab *, void *, Py);
    void *data;
    Span span;
} Driven;

static void stop_generator(Elab *e, const Driven *d) { state_set(e, STATE_RETURN, d->span); }

/* The item at this position of every part; NULL where one has ended. */
static Py *driven_row(Elab *e, Driven *d, Py item, Py position) {
    int n = d->lazy->lazy.nparts, first = d->lazy->lazy.kind == LAZY_MAP;
    Py *row = NEW_ARRAY(e->arena, Py, n + 1);
    for (int i = first; i < n; i++) {
        if (i == d->driver) {
            row[i] = item;
            continue;
        }
        if (position->kind != PY_INT) {
            fail(e, d->span,
                 "a generator that yields in a run-time loop cannot run beside another iterable; write the `for` that "
                 "it stands for");
            return NULL;
        }
        if (position->integer >= d->counts[i]) return NULL;
        row[i] = d->part[i][position->integer];
    }
    return row + first;
}

static bool others_end(const Driven *d, Py next) {
    for (int i = d->lazy->lazy.kind == LAZY_MAP; i < d->driver; i++)
        if (next->kind == PY_INT && next->integer >= d->counts[i]) return true;
    return false;
}

static Py pass_on(Elab *e, void *data, Py item) {
    Driven *d = data;
    Py lazy = d->lazy, position = place_get(e, d->position), one = item;
    Value *v;
    if (lazy->lazy.kind == LAZY_ENUMERATE) {
        Py pair[2] = { number_binary(e, OPERATOR_Add, lazy->lazy.part[1], position, d->span), item };
        one = py_tuple(e, 2, pair);
    } else if (lazy->lazy.kind == LAZY_FILTER) {
        Py keep = lazy->lazy.part[0]->kind == PY_NONE ? item : call_values(e, lazy->lazy.part[0], 1, &item, d->span);
        int known = py_truth(e, keep, &v);
        if (known == -1)
            fail(e, d->span, "whether filter keeps an item is known at run time only; write a `for` with append");
        if (known <= 0) return e->none;
    } else if (lazy->lazy.kind != LAZY_ITERATOR) {
        Py *row = driven_row(e, d, item, position);
        if (!row) {
            stop_generator(e, d);
            return e->none;
        }
        one = lazy->lazy.kind == LAZY_ZIP ? py_tuple(e, lazy->lazy.nparts, row)
                                          : call_values(e, lazy->lazy.part[0], lazy->lazy.nparts - 1, row, d->span);
    }
    Py next = number_binary(e, OPERATOR_Add, position, py_int(e, 1), d->span);
    place_set(e, d->position, next, d->span);
    Py r = d->on_item(e, d->data, one);
    if (state_of(e) == STATE_RUNS && others_end(d, next)) stop_generator(e, d);
    return r;
}

/* A generator that is left before its end cannot be gone on with: that is kept in mind. */
typedef struct {
    Py (*on_item)(Elab *, void *, Py);
    void *data;
    bool left;
} Yielding;

static Py yielded(Elab *e, void *data, Py x) {
    Yielding *y = data;
    Py r = y->on_item(e, y->data, x);
    y->left |= state_of(e) != STATE_RUNS;
    return r;
}

bool drive(Elab *e, Py x, Py (*on_item)(Elab *, void *, Py), void *data, Span span) {
    if (x->kind == PY_GENERATOR) {
        Yielding y = { on_item, data, false };
        Contents *begun = contents_change(e, x);
        contents_push(e, begun, NULL, e->empty_tuple);
        contents_push(e, begun, NULL, py_int(e, 0));
        generator_run(e, x, yielded, &y, span);
        if (y.left) contents_change(e, x)->at[1] = py_int(e, GENERATOR_LEFT);
        return true;
    }
    Driven d = { .lazy = x, .driver = driving_part(x), .on_item = on_item, .data = data, .span = span };
    int n = x->lazy.nparts, first = x->lazy.kind == LAZY_MAP;
    d.counts = NEW_ARRAY(e->arena, int, n + 1);
    d.part = NEW_ARRAY(e->arena, Py *, n + 1);
    d.position = place_new(e, "position");
    place_set(e, d.position, py_int(e, 0), span);
    bool alone = x->lazy.kind != LAZY_ZIP && x->lazy.kind != LAZY_MAP;
    for (int i = first; i < n && !alone; i++) {
        if (i != d.driver && !iterate(e, x->lazy.part[i], &d.part[i], &d.counts[i], span)) return false;
        if (i < d.driver && !d.counts[i]) return true;
    }
    Contents *begun = contents_change(e, x);
    contents_push(e, begun, NULL, e->empty_tuple);
    contents_push(e, begun, NULL, py_int(e, 0));
    return drive(e, x->lazy.part[d.driver], pass_on, &d, span);
}
