/* parts: the structure of a value, and the parts it is made of: those of containers, ranges, slices and texts. */
#include "elaborate/loops.h"

#include <string.h>

static int count_slots(const struct TextPart *p) { return p->value ? 1 : p->left ? 3 : p->each ? 1 + !!p->between : 0; }

/* The parts that a value of a known structure is made of. */
int count_parts(Py x) {
    int n = 0;
    switch (x->kind) {
    case PY_LIST: return x->contents->grown ? x->contents->grown->nstacked : x->contents->n;
    case PY_TUPLE:
    case PY_DICT:
    case PY_OBJECT: return x->contents->n;
    case PY_RANGE:
    case PY_SLICE: return 3;
    case PY_TEXT:
        for (int i = 0; i < x->text.nparts; i++) n += count_slots(&x->text.part[i]);
        return n;
    default: return -1;
    }
}

static Py *text_slot(PyText *t, int at) {
    for (int i = 0; i < t->nparts; i++) {
        struct TextPart *p = &t->part[i];
        int n = count_slots(p);
        if (at < n && p->each) return at == 0 ? &p->each : &p->between;
        if (at < n) return p->value ? &p->value : at == 0 ? &p->which : at == 1 ? &p->left : &p->right;
        at -= n;
    }
    return NULL;
}

Py part(Py x, int i) {
    switch (x->kind) {
    case PY_RANGE:
    case PY_SLICE: return i == 0 ? x->slice.start : i == 1 ? x->slice.stop : x->slice.step;
    case PY_TEXT: return *text_slot(&x->text, i);
    case PY_LIST:
        if (x->contents->grown) return x->contents->grown->stacked[i];
        return x->contents->at[i];
    default: return x->contents->at[i];
    }
}

/* Objects that lead back to themselves (a child that knows its parent) have no structure: they are what they are. */
enum { MOST_SEEN = 4096 };
typedef struct {
    Py object, seen[MOST_SEEN];
    int n;
} Search;

static bool leads_back(Search *s, Py x) {
    for (int i = 0; i < s->n; i++)
        if (s->seen[i] == x) return false;
    if (s->n == MOST_SEEN) return false;
    s->seen[s->n++] = x;
    for (int i = 0; i < count_parts(x); i++) {
        Py p = part(x, i);
        if (p == s->object || (count_parts(p) > 0 && leads_back(s, p))) return true;
    }
    return false;
}

bool structural(Py x) {
    if (x->kind != PY_OBJECT) return count_parts(x) >= 0;
    Search s = { .object = x };
    return !leads_back(&s, x);
}

Py with_parts(Elab *e, Py like, Py *parts, int n) {
    Py x = py_new(e, like->kind);
    x->cls = like->cls;
    if (like->kind == PY_RANGE || like->kind == PY_SLICE) {
        x->slice.start = parts[0];
        x->slice.stop = parts[1];
        x->slice.step = parts[2];
    } else if (like->kind == PY_TEXT) {
        x->text.nparts = like->text.nparts;
        x->text.part = arena_copy(e->arena, like->text.part, sizeof *like->text.part * (size_t)like->text.nparts);
        for (int i = 0; i < n; i++) *text_slot(&x->text, i) = parts[i];
    } else if (list_grows(like)) {
        x->contents = growing_with(e, like->contents->grown, parts);
    } else {
        Contents *c = NEW(e->arena, Contents);
        c->epoch = e->epoch;
        for (int i = 0; i < n; i++)
            contents_push(e, c, like->contents->keys ? like->contents->keys[i] : NULL, parts[i]);
        x->contents = c;
    }
    return x;
}

/* Which part of x stands where part i of `like` does; -1: none.  The keys of dicts may stand in another order. */
int part_like(Elab *e, Py like, int i, Py x) {
    if (like->kind != PY_DICT && like->kind != PY_OBJECT) return i;
    if (like->contents == x->contents) return i;
    return contents_find(e, x->contents, like->contents->keys[i]);
}

static bool same_text(const PyText *a, const PyText *b) {
    if (a->nparts != b->nparts) return false;
    for (int i = 0; i < a->nparts; i++) {
        const struct TextPart *p = &a->part[i], *q = &b->part[i];
        if (!p->each != !q->each || !p->between != !q->between) return false;
        if (!p->value != !q->value || !p->left != !q->left || !p->text != !q->text) return false;
        if (p->text && (p->length != q->length || memcmp(p->text, q->text, (size_t)p->length) != 0)) return false;
        if (p->value && (p->conversion != q->conversion || strcmp(p->spec, q->spec) != 0)) return false;
    }
    return true;
}

/* Items that are rebuilt alike: their leaves come from the stacks, or are the same. */
static bool same_items(Elab *e, Py a, Py b, const Leaf **f) {
    if (!structural(a)) return (*f)++->mode != LEAF_SAME || py_equal_static(e, a, b);
    if (!structural(b) || !same_structure(e, a, b)) return false;
    for (int i = 0; i < count_parts(a); i++)
        if (!same_items(e, part(a, i), part(b, part_like(e, a, i, b)), f)) return false;
    return true;
}

bool growing_alike(Elab *e, const Growing *a, const Growing *b) {
    if (a == b) return true;
    if (!a || !b || a->count != b->count || a->nleaf != b->nleaf || !rows_same(a->leaf, b->leaf, a->nleaf))
        return false;
    const Leaf *f = a->leaf;
    return same_items(e, a->item, b->item, &f);
}

bool same_structure(Elab *e, Py a, Py b) {
    if (a->kind != b->kind || a->cls != b->cls || count_parts(a) != count_parts(b)) return false;
    if (a->kind == PY_LIST) return growing_alike(e, a->contents->grown, b->contents->grown);
    return a->kind != PY_TEXT || same_text(&a->text, &b->text);
}

int count_leaves(Py x) {
    if (!structural(x)) return 1;
    int n = 0, parts = count_parts(x);
    for (int i = 0; i < parts; i++) n += count_leaves(part(x, i));
    return n;
}
