/* journal: variables, and the contents of containers and objects, and what is written to them.
**
** A mark begins an attempt or the side of a branch: from then on every first write to what existed before is recorded,
** so that the writes can be taken back, or read off and merged.  Contents are copied when they are first changed after a
** mark (their epoch is then an older one), so an old pointer is a snapshot. */
#include "elaborate/values.h"

#include <string.h>

enum { MANY_KEYS = 32 /* from here on texts are looked up in a map */ };

Place *place_new(Elab *e, const char *name) {
    Place *p = NEW(e->arena, Place);
    p->value = e->unbound;
    p->name = name;
    p->born = ++e->serial;
    return p;
}

static void outside_write(Elab *e, int born) {
    for (Tracing *t = e->tracing; t && born < t->born; t = t->outer) t->writes_outside = true;
}

/* The first value seen is what a later call must find again. */
static void outside_read(Elab *e, int born, const void *key, void *seen, bool place) {
    for (Tracing *t = e->tracing; t && born < t->born; t = t->outer) {
        if (!t->watched || map_get(&t->reads, key)) continue;
        map_set(&t->reads, key, seen);
        if (place) map_set(&t->read_places, key, seen);
    }
}

static bool recorded(Elab *e, int born) { return e->marks.n && born < e->marks.at[e->marks.n - 1].serial; }

/* Attempts inside each other are numbered upwards. */
void note_read(Elab *e, const void *key, int written) {
    for (Attempt *a = e->attempt; a && a->id > written; a = a->outer) map_set(&a->reads, key, a);
}

void place_set(Elab *e, Place *p, Py value, Span span) {
    outside_write(e, p->born);
    if (recorded(e, p->born)) {
        Write w = { .place = p, .old = p->value, .old_span = p->span, .old_written = p->written };
        PUSH(e->arena, &e->journal, w);
    }
    p->value = value;
    p->span = span;
    if (e->attempt) p->written = e->attempt->id;
}

Py place_get(Elab *e, Place *p) {
    outside_read(e, p->born, p, p->value, true);
    if (e->attempt) note_read(e, p, p->written);
    return p->value;
}

static Contents **contents_slot(Py x) {
    return x->kind == PY_LAZY ? &x->lazy.position : x->kind == PY_GENERATOR ? &x->generator.position : &x->contents;
}

const Contents *contents_of(Elab *e, Py x) {
    Contents *c = *contents_slot(x);
    if (x->kind != PY_TUPLE) outside_read(e, x->born, x, c, false);
    if (e->attempt) note_read(e, x, x->written);
    for (Attempt *a = x->kind == PY_LIST ? e->attempt : NULL; a; a = a->outer) map_set(&a->looked, x, a);
    if (c->apart) value_read(e, c->apart, "this container", e->span);
    if (c->grown) return growing_spread(e, c);
    return c;
}

Contents *contents_change(Elab *e, Py x) {
    Contents **slot = contents_slot(x);
    const Contents *old = *slot;
    if (old->grown) old = growing_spread(e, old); /* what grew is only ever replaced */
    outside_write(e, x->born);
    if (old->epoch == e->epoch) {
        if (e->attempt) x->written = e->attempt->id;
        return *slot;
    }
    if (recorded(e, x->born)) {
        Write w = { .object = x, .old = *slot, .old_written = x->written };
        PUSH(e->arena, &e->journal, w);
    }
    Contents *c = NEW(e->arena, Contents);
    c->n = old->n;
    c->cap = old->n;
    c->epoch = e->epoch;
    c->apart = old->apart;
    if (old->n) c->at = arena_copy(e->arena, old->at, sizeof *old->at * (size_t)old->n);
    if (old->n && old->keys) c->keys = arena_copy(e->arena, old->keys, sizeof *old->keys * (size_t)old->n);
    *slot = c;
    if (e->attempt) x->written = e->attempt->id;
    return c;
}

static void note_text(Contents *c, int i) {
    const Py key = c->keys[i];
    if (key->kind == PY_STR) map_set_bytes(c->texts, key->str.at, key->str.n, (void *)(intptr_t)(i + 1));
}

void contents_push(Elab *e, Contents *c, Py key, Py value) {
    if (c->n == c->cap) {
        size_t old = sizeof(Py) * (size_t)c->cap;
        c->cap = c->cap ? 2 * c->cap : 4;
        size_t new = sizeof(Py) * (size_t)c->cap;
        c->at = arena_grow(e->arena, c->at, old, new);
        if (key) c->keys = arena_grow(e->arena, c->keys, old, new);
        if (key && c->n >= MANY_KEYS && !c->texts) {
            c->texts = arena_copy(e->arena, &(Map){ 0 }, sizeof(Map));
            *c->texts = map_new(e->arena);
            for (int i = 0; i < c->n; i++) note_text(c, i);
        }
    }
    c->at[c->n] = value;
    if (key) c->keys[c->n] = key;
    if (c->texts) note_text(c, c->n);
    c->n++;
}

/* Keys are static: 1, 1.0 and True are one key, as in Python. */
static bool same_key(Elab *e, Py x, Py y) {
    if (x == y) return true;
    bool nx = x->kind == PY_BOOL || x->kind == PY_INT, ny = y->kind == PY_BOOL || y->kind == PY_INT;
    if (nx && ny) return x->integer == y->integer;
    if (nx && y->kind == PY_FLOAT) return (double)x->integer == y->number;
    if (ny && x->kind == PY_FLOAT) return (double)y->integer == x->number;
    if (x->kind == PY_TUPLE && y->kind == PY_TUPLE) {
        if (x->contents->n != y->contents->n) return false;
        for (int i = 0; i < x->contents->n; i++)
            if (!same_key(e, x->contents->at[i], y->contents->at[i])) return false;
        return true;
    }
    return py_equal_static(e, x, y);
}

int contents_find(Elab *e, const Contents *c, Py key) {
    if (c->texts && key->kind == PY_STR) {
        int i = (int)(intptr_t)map_get_bytes(c->texts, key->str.at, key->str.n) - 1;
        if (i < 0 || (i < c->n && same_key(e, c->keys[i], key))) return i;
    }
    for (int i = 0; i < c->n; i++)
        if (same_key(e, c->keys[i], key)) return i;
    return -1;
}

Py dict_get(Elab *e, Py dict, Py key) {
    const Contents *c = contents_of(e, dict);
    int i = contents_find(e, c, key);
    return i < 0 ? NULL : c->at[i];
}

void dict_set(Elab *e, Py dict, Py key, Py value) {
    Contents *c = contents_change(e, dict);
    int i = contents_find(e, c, key);
    if (i >= 0)
        c->at[i] = value;
    else
        contents_push(e, c, key, value);
}

Py attribute_get(Elab *e, Py object, const char *name) {
    const Contents *c = contents_of(e, object);
    for (int i = 0; i < c->n; i++)
        if (strcmp(c->keys[i]->str.at, name) == 0) return c->at[i];
    return NULL;
}

int journal_mark(Elab *e) {
    struct Mark m = { e->journal.n, ++e->serial };
    PUSH(e->arena, &e->marks, m);
    e->epoch++;
    return e->marks.n - 1;
}

void journal_keep(Elab *e, int mark) {
    e->marks.n = mark;
    e->epoch++;
    if (!mark) e->journal.n = 0;
}

void journal_undo(Elab *e, int mark) {
    for (int i = e->journal.n - 1; i >= e->marks.at[mark].at; i--) {
        Write *w = &e->journal.at[i];
        if (w->place) {
            w->place->value = w->old;
            w->place->span = w->old_span;
            w->place->written = w->old_written;
        } else {
            *contents_slot(w->object) = w->old;
            w->object->written = w->old_written;
        }
    }
    e->journal.n = e->marks.at[mark].at;
    e->marks.n = mark;
    e->epoch++;
}

Writings journal_take(Elab *e, int mark) {
    Writings all = { 0 };
    Map seen = map_new(e->arena);
    int serial = e->marks.at[mark].serial;
    for (int i = e->marks.at[mark].at; i < e->journal.n; i++) {
        Write *w = &e->journal.at[i];
        const void *key = w->place ? (void *)w->place : (void *)w->object;
        int born = w->place ? w->place->born : w->object->born;
        if (born > serial || map_get(&seen, key)) continue;
        map_set(&seen, key, e);
        Written it = { .place = w->place, .object = w->object, .before = w->old };
        it.after = w->place ? (void *)w->place->value : (void *)*contents_slot(w->object);
        it.span = w->place ? w->place->span : (Span){ 0 };
        PUSH(e->arena, &all, it);
    }
    journal_undo(e, mark);
    return all;
}

/* The snapshots are shared with whoever took them: the next change copies. */
void journal_apply(Elab *e, const Writings *all) {
    for (int i = 0; i < all->n; i++) {
        Written *w = &all->at[i];
        if (w->place) {
            place_set(e, w->place, w->after, w->span);
        } else {
            Contents *c = contents_change(e, w->object), *after = w->after;
            c->n = c->cap = after->n;
            c->at = after->n ? arena_copy(e->arena, after->at, sizeof *c->at * (size_t)after->n) : NULL;
            c->keys =
                after->n && after->keys ? arena_copy(e->arena, after->keys, sizeof *c->keys * (size_t)after->n) : NULL;
        }
    }
}
