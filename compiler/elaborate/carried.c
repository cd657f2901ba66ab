/* carried: what a run-time loop carries from one iteration to the next.
**
** The body is run with what the variables held before; where it leaves something else behind, that leaf is carried from
** then on: numbers as run-time numbers, arrays as arrays of the dtype in which before and after meet.  This is repeated
** until nothing changes. */
#include "elaborate/loops.h"

#include <string.h>

static Py leaf_value_of(Elab *e, const Leaf *f, Value *v) {
    if (f->mode == LEAF_NUMBER) return py_scalar(e, f->number, v);
    Py x = py_array(e, v, f->kind.flavour, f->kind.weak);
    x->array.key = f->key;
    return x;
}

/* A part of which nothing is carried stays the object it is: others may know it, or it is a list that grows by itself. */
static bool stays(Py x, const Leaf *f) {
    for (int i = count_leaves(x); i > 0; i--, f++)
        if (f->mode != LEAF_SAME) return false;
    return true;
}

static Py rebuild(Elab *e, Py like, const Leaf **f, Value ***v) {
    if (structural(like)) {
        int n = count_parts(like);
        Py *parts = NEW_ARRAY(e->arena, Py, n + 1);
        for (int i = 0; i < n; i++) {
            Py x = part(like, i);
            bool same = structural(x) && stays(x, *f);
            if (same) *f += count_leaves(x);
            parts[i] = same ? x : rebuild(e, x, f, v);
        }
        return with_parts(e, like, parts, n);
    }
    const Leaf *leaf = (*f)++;
    return leaf->mode == LEAF_SAME ? like : leaf_value_of(e, leaf, *(*v)++);
}

int cell_width(const Cell *c) {
    int n = 0;
    for (int i = 0; i < c->nleaves; i++) n += c->leaf[i].mode != LEAF_SAME;
    return n;
}

Py cell_value(Elab *e, const Cell *c, Value **v) {
    const Leaf *f = c->leaf;
    if (!cell_width(c) && !c->object) return c->like;
    return rebuild(e, c->like, &f, &v);
}

static Value *leaf_as(Elab *e, const Leaf *f, Py x) {
    if (f->mode == LEAF_NUMBER) return scalar_value(e, x, f->number);
    return as_kind(e, x, f->kind);
}

/* The leaves of x in the order of `like`, whose structure it has. */
static void leaves_as(Elab *e, Py like, Py x, const Leaf **f, Values *out) {
    if (structural(like)) {
        int n = count_parts(like);
        for (int i = 0; i < n; i++) leaves_as(e, part(like, i), part(x, part_like(e, like, i, x)), f, out);
        return;
    }
    const Leaf *leaf = (*f)++;
    if (leaf->mode != LEAF_SAME) PUSH(e->arena, out, leaf_as(e, leaf, x));
}

void cell_leaves(Elab *e, const Cell *c, Py x, Values *out) {
    const Leaf *f = c->leaf;
    leaves_as(e, c->like, x, &f, out);
}

static const Type *leaf_type(Elab *e, const Leaf *f) {
    if (f->mode == LEAF_NUMBER) return type_scalar(e->cx, number_dtype(f->number));
    return type_with_dtype(e->cx, f->type, f->kind.dtype);
}

void cell_types(Elab *e, const Cell *c, const Type **out) {
    for (int i = 0; i < c->nleaves; i++)
        if (c->leaf[i].mode != LEAF_SAME) *out++ = leaf_type(e, &c->leaf[i]);
}

void cell_zeros(Elab *e, const Cell *c, Values *out) {
    for (int i = 0; i < c->nleaves; i++)
        if (c->leaf[i].mode != LEAF_SAME) PUSH(e->arena, out, ir_fill(e->b, leaf_type(e, &c->leaf[i]), 0));
}

void cell_put(Elab *e, const Cell *c, Py x) {
    if (c->place) {
        place_set(e, c->place, x, c->place->span);
        return;
    }
    Contents *to = contents_change(e, c->object);
    int epoch = to->epoch;
    *to = *x->contents;
    to->epoch = epoch;
}

void row_values(Elab *e, const Cell *c, Values *out) {
    const Leaf *f = c->rows;
    if (c->grows) leaves_as(e, c->tail, c->tail, &f, out);
}

/* The list with the rows of a counted loop behind what it held. */
void rows_put(Elab *e, const Cell *c, Value **stacked, int64_t count) {
    int width = 0;
    for (int i = 0; i < c->nrows; i++) width += c->rows[i].mode != LEAF_SAME;
    for (int64_t t = 0; t < count; t++) {
        Value **row = NEW_ARRAY(e->arena, Value *, width + 1), **at = row;
        for (int i = 0; i < width; i++) row[i] = ir_index0(e->b, stacked[i], ir_i64(e->b, t));
        const Leaf *f = c->rows;
        Py items = rebuild(e, c->tail, &f, &at);
        Contents *to = contents_change(e, c->object);
        for (int i = 0; i < items->contents->n; i++) contents_push(e, to, NULL, items->contents->at[i]);
    }
}

static bool same_dims(const Type *a, const Type *b) {
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

static bool same_kind(Kind a, Kind b) {
    return a.dtype == b.dtype && a.weak == b.weak && a.flavour == b.flavour && a.scalar == b.scalar;
}

static const Type *shape_of_leaf(Elab *e, Py x) {
    return x->kind == PY_ARRAY ? x->array.value->type : type_scalar(e->cx, DT_bool);
}

/* Makes the leaf wide enough for both; false where they do not meet. */
static bool widen(Elab *e, Leaf *f, Py before, Py after, bool *again) {
    bool nb = py_is_number(before), na = py_is_number(after);
    if (f->mode == LEAF_SAME) {
        if (py_equal_static(e, before, after)) return true;
        if (nb && na) {
            NumberKind a = py_number_kind(before), b = py_number_kind(after);
            *f = (Leaf){ .mode = LEAF_NUMBER, .number = a > b ? a : b };
            return *again = true;
        }
        if ((!nb && before->kind != PY_ARRAY) || (!na && after->kind != PY_ARRAY)) return false;
        if (!same_dims(shape_of_leaf(e, before), shape_of_leaf(e, after))) return false;
        bool kb = before->kind == PY_ARRAY && before->array.key, ka = after->kind == PY_ARRAY && after->array.key;
        if (ka != kb) return false;
        *f = (Leaf){ .mode = LEAF_ARRAY,
                     .kind = promote(e, kind_of(e, before), kind_of(e, after)),
                     .type = shape_of_leaf(e, after),
                     .key = ka };
        return *again = true;
    }
    if (!na && after->kind != PY_ARRAY) return false;
    if (f->mode == LEAF_NUMBER) {
        if (na) {
            if (py_number_kind(after) > f->number) {
                f->number = py_number_kind(after);
                *again = true;
            }
            return true;
        }
        if (after->array.value->type->rank) return false;
        *f = (Leaf){ .mode = LEAF_ARRAY,
                     .kind = promote(e, kind_of(e, before), kind_of(e, after)),
                     .type = shape_of_leaf(e, after) };
        return *again = true;
    }
    if (!same_dims(f->type, shape_of_leaf(e, after)) || (after->kind == PY_ARRAY && after->array.key != f->key))
        return false;
    Kind k = promote(e, f->kind, kind_of(e, after));
    k.scalar = false;
    if (!same_kind(k, f->kind)) {
        f->kind = k;
        *again = true;
    }
    return true;
}

static bool widen_all(Elab *e, Leaf **f, Py before, Py after, bool *again) {
    if (structural(before)) {
        if (before == after) { /* untouched: its parts are the same */
            *f += count_leaves(before);
            return true;
        }
        if (!same_structure(e, before, after)) return false;
        int n = count_parts(before);
        for (int i = 0; i < n; i++) {
            int at = part_like(e, before, i, after);
            if (at < 0 || !widen_all(e, f, part(before, i), part(after, at), again)) return false;
        }
        return true;
    }
    return widen(e, (*f)++, before, after, again);
}

/* Leaves of a value of which only the structure is known: what is not static is handed out. */
static void leaves_from(Elab *e, Py x, Leaf **f) {
    if (structural(x)) {
        int n = count_parts(x);
        for (int i = 0; i < n; i++) leaves_from(e, part(x, i), f);
        return;
    }
    Leaf *leaf = (*f)++;
    *leaf = (Leaf){ .mode = LEAF_SAME };
    if (x->kind == PY_SCALAR) *leaf = (Leaf){ .mode = LEAF_NUMBER, .number = x->scalar.number };
    if (x->kind == PY_ARRAY)
        *leaf = (Leaf){ .mode = LEAF_ARRAY, .kind = kind_of(e, x), .type = x->array.value->type, .key = x->array.key };
}

Py rows_rebuild(Elab *e, Py item, const Leaf *f, Value **at) { return rebuild(e, item, &f, &at); }
void rows_values(Elab *e, Py like, Py item, const Leaf *f, Values *out) { leaves_as(e, like, item, &f, out); }

bool rows_fit(Elab *e, Py item, Py like, const Leaf *f, int n) {
    Leaf *copy = arena_copy(e->arena, f, sizeof *f * (size_t)(n + 1)), *at = copy;
    bool again = false;
    return count_leaves(item) == n && widen_all(e, &at, like, item, &again) && !again;
}

static bool same_leaves(const Leaf *a, const Leaf *b, int n) {
    for (int i = 0; i < n; i++) {
        if (a[i].mode != b[i].mode || a[i].key != b[i].key) return false;
        if (a[i].mode == LEAF_NUMBER && a[i].number != b[i].number) return false;
        if (a[i].mode == LEAF_ARRAY && (!same_kind(a[i].kind, b[i].kind) || !same_dims(a[i].type, b[i].type)))
            return false;
    }
    return true;
}

static void set_structure(Elab *e, Cell *c, Py like) {
    c->like = like;
    c->nleaves = count_leaves(like);
    c->leaf = NEW_ARRAY(e->arena, Leaf, c->nleaves + 1);
}

/* A cell whose entry does not matter takes the structure that the body leaves. */
static bool fit_fresh(Elab *e, Cell *c, Py after) {
    Cell new = *c;
    set_structure(e, &new, after);
    Leaf *f = new.leaf;
    leaves_from(e, after, &f);
    if (c->place->control && after->kind == PY_INT) new.leaf[0] = (Leaf){ .mode = LEAF_NUMBER, .number = NUMBER_INT };
    bool same = c->like && c->nleaves == new.nleaves &&same_leaves(c->leaf, new.leaf, new.nleaves);
    *c = new;
    return same;
}

static Py view(Elab *e, Py object, void *contents) {
    Py x = py_new(e, object->kind);
    x->cls = object->cls;
    x->contents = contents;
    return x;
}

/* A list of another length in each iteration is no row of an array. */
static bool holds_list(Py x) {
    bool inside = structural(x);
    for (int i = 0; inside && i < count_parts(x); i++)
        if (holds_list(part(x, i))) return true;
    return list_grows(x) && !dim_is_int(x->contents->grown->count, NULL);
}

/* Where the body appends several items, and how often is not known, they are rows of one kind if that can be. */
static void share_rows(Elab *e, Cell *c) {
    int n = c->nrows / c->grows;
    const Py *items = c->tail->contents->at;
    Leaf *row = arena_copy(e->arena, c->rows, sizeof *row * (size_t)(n + 1));
    for (bool again = true; again;) {
        again = false;
        for (int i = 1; i < c->grows; i++) {
            Leaf *f = row;
            if (count_leaves(items[i]) != n || !widen_all(e, &f, items[0], items[i], &again)) return;
        }
    }
    for (int i = 0; i < c->grows; i++) memcpy(&c->rows[i * n], row, sizeof *row * (size_t)n);
}

/* A list to which the body only appends. */
static Fit fit_growth(Elab *e, Cell *c, Py after, const Attempt *a, const Loop *l) {
    int n = c->before->contents->n;
    if (after->contents->grown || c->before->contents->grown) return DIFFERS;
    if (c->object->kind != PY_LIST || after->contents->n <= n || map_get(&a->looked, c->object)) return DIFFERS;
    for (int i = 0; i < n; i++)
        if (c->before->contents->at[i] != after->contents->at[i]) return DIFFERS;
    c->grows = after->contents->n - n;
    c->maybe = false;
    c->tail = py_tuple(e, c->grows, after->contents->at + n);
    for (int i = 0; i < c->grows; i++) {
        Py x = c->tail->contents->at[i];
        if (holds_list(x)) return DIFFERS;
        if (x->kind != PY_APART) continue;
        if (!x->apart.holds || c->grows > 1 || holds_list(x->apart.value)) return DIFFERS;
        c->maybe = true;
        c->tail = py_tuple(e, 2, (Py[]){ x->apart.value, x->apart.holds });
    }
    c->nrows = count_leaves(c->tail);
    c->rows = NEW_ARRAY(e->arena, Leaf, c->nrows + 1);
    Leaf *f = c->rows;
    leaves_from(e, c->tail, &f);
    int64_t count;
    if (c->grows > 1 && !c->maybe && !(l->over && py_static_int(e, l->count, &count))) share_rows(e, c);
    if (c->maybe) c->rows[c->nrows - 1] = (Leaf){ .mode = LEAF_NUMBER, .number = NUMBER_BOOL };
    return FITS;
}

/* The same dicts with their keys in the order in which the body leaves them. */
static Py in_order_of(Elab *e, Py x, Py after, bool *changed) {
    if (x == after || !structural(x) || !same_structure(e, x, after)) return x;
    int n = count_parts(x);
    Py *parts = NEW_ARRAY(e->arena, Py, n + 1), *keys = NEW_ARRAY(e->arena, Py, n + 1);
    bool mine = false;
    for (int i = 0; i < n; i++) {
        int at = part_like(e, after, i, x);
        if (at < 0) return x;
        mine |= at != i;
        if (x->kind == PY_DICT || x->kind == PY_OBJECT) keys[i] = x->contents->keys[at];
        parts[i] = in_order_of(e, part(x, at), part(after, i), changed);
        mine |= parts[i] != part(x, at);
    }
    if (!mine) return x;
    *changed = true;
    Py y = with_parts(e, x, parts, n);
    if (x->kind == PY_DICT || x->kind == PY_OBJECT) y->contents->keys = keys;
    return y;
}

static Fit fit_one(Elab *e, Cell *c, const Written *w, const Attempt *a, Loop *l) {
    Py after = c->place ? w->after : view(e, c->object, w->after);
    if (after->kind == PY_ERROR) return FITS;
    bool again = false;
    if (c->object && c->object->kind != PY_LIST && c->object->kind != PY_DICT && c->object->kind != PY_OBJECT &&
        c->object->kind != PY_SET)
        return DIFFERS;
    if (c->object && (c->object->kind == PY_SET)) return DIFFERS;
    if (!c->fresh) {
        bool moved = false;
        Py before = in_order_of(e, c->before, after, &moved);
        if (moved) {
            c->before = before;
            set_structure(e, c, before);
        }
        Leaf *saved = arena_copy(e->arena, c->leaf, sizeof *c->leaf * (size_t)(c->nleaves + 1)), *f = c->leaf;
        bool unbound = c->before->kind == PY_UNBOUND || c->before->kind == PY_APART;
        if (c->object && (c->before->contents->grown != after->contents->grown || after->contents->apart))
            unbound = true; /* no structure to compare */
        if (!unbound && !(c->place && c->place->control) && widen_all(e, &f, c->before, after, &again))
            return again ? AGAIN : FITS;
        c->leaf = saved;
        if (c->object) {
            Fit growth = fit_growth(e, c, after, a, l);
            if (growth == DIFFERS)
                l->cause = arena_text(e->arena, "%s changes its structure", py_describe(e, c->object));
            return growth;
        }
        bool read = map_get(&a->reads, c->place) != NULL && !c->place->control;
        if (read) {
            if (!unbound)
                l->cause = arena_text(e->arena, "%s is %s before an iteration and %s after it", c->place->name,
                                      py_describe(e, c->before), py_describe(e, after));
            return DIFFERS;
        }
        c->fresh = true;
        c->like = NULL;
        c->dropped = !c->place->control && !c->place->optional && l->node && !used_outside(e, c->place, l->node);
        if (after->kind == PY_APART && !c->dropped) return DIFFERS;
    }
    if (c->dropped) return FITS;
    return fit_fresh(e, c, after) ? FITS : AGAIN;
}

bool rows_same(const Leaf *a, const Leaf *b, int n) { return same_leaves(a, b, n); }

Fit cells_fit(Elab *e, Cells *cells, const Writings *w, const Attempt *a, Loop *l) {
    Fit worst = FITS;
    for (int i = 0; i < w->n; i++) {
        const Written *x = &w->at[i];
        Cell *c = NULL;
        for (int k = 0; k < cells->n; k++)
            if (cells->at[k].place == x->place && cells->at[k].object == x->object) c = &cells->at[k];
        if (!c) {
            Cell new = { .place = x->place, .object = x->object };
            new.before = x->place ? x->before : view(e, x->object, x->before);
            set_structure(e, &new, new.before);
            PUSH(e->arena, cells, new);
            c = &cells->at[cells->n - 1];
        }
        Fit f = fit_one(e, c, x, a, l);
        if (f > worst) worst = f;
    }
    return worst;
}
