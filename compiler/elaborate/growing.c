/* growing: lists whose length is known at run time only, because a run-time loop filled them.
**
** What an iteration appended is kept as one stacked array per leaf.  A list whose length is known after all is spread out
** again where it is looked at. */
#include "elaborate/loops.h"
#include "elaborate/texts.h"

bool list_grows(Py x) { return x->kind == PY_LIST && x->contents->grown; }

static Py refuse(Elab *e, const char *what) {
    return fail(
        e, e->span,
        "the length of this list is known at run time only, so it cannot be %s; make an array of it by jnp.array(...)",
        what);
}

/* One item, its leaves taken from `at`. */
static Py item_from(Elab *e, const Growing *g, Value **at) { return rows_rebuild(e, g->item, g->leaf, at); }

static Py item_at(Elab *e, const Growing *g, Value *i) {
    Value **at = NEW_ARRAY(e->arena, Value *, g->nstacked + 1);
    for (int k = 0; k < g->nstacked; k++) at[k] = ir_index0(e->b, array_value(e, g->stacked[k]), i);
    return item_from(e, g, at);
}

Py growing_length(Elab *e, Py x) {
    const Contents *c = x->contents;
    return number_binary(e, OPERATOR_Add, py_int(e, c->n), py_size(e, c->grown->count), e->span);
}

/* A known length: the items one by one.  Nothing is remembered: what is made here may stand inside a branch. */
const Contents *growing_spread(Elab *e, const Contents *c) {
    int64_t n;
    if (!dim_is_int(c->grown->count, &n)) {
        refuse(e, "used like this");
        return c;
    }
    Contents *all = NEW(e->arena, Contents);
    *all = (Contents){ .epoch = -1 };
    for (int i = 0; i < c->n; i++) contents_push(e, all, NULL, c->at[i]);
    for (int64_t i = 0; i < n; i++) contents_push(e, all, NULL, item_at(e, c->grown, ir_i64(e->b, i)));
    return all;
}

Contents *growing_with(Elab *e, const Growing *g, Py const *stacked) {
    Growing *other = NEW(e->arena, Growing);
    *other = *g;
    other->stacked = arena_copy(e->arena, stacked, sizeof *stacked * (size_t)(g->nstacked + 1));
    Contents *c = NEW(e->arena, Contents);
    *c = (Contents){ .epoch = -1, .grown = other };
    return c;
}

Value *index_within(Elab *e, Py index, Value *n, const char *what, Span span) {
    Value *i =
        index->kind == PY_ARRAY ? ir_convert(e->b, array_value(e, index), DT_i64) : scalar_value(e, index, NUMBER_INT);
    Value *zero = ir_i64(e->b, 0);
    i = ir_select(e->b, ir_lt(e->b, i, zero), ir_add(e->b, i, n), i);
    Value *inside = ir_and(e->b, ir_ge(e->b, i, zero), ir_lt(e->b, i, n));
    const char *message = arena_text(e->arena, "%s: IndexError: %s index out of range", place_text(e, span), what);
    emit_inst(e->b, OP_assert, &inside, 1, &(Attrs){ .format = name_of(e->cx, message) });
    return i;
}

Py growing_item(Elab *e, Py x, Py index, Span span) {
    const Growing *g = x->contents->grown;
    if (x->contents->n) return refuse(e, "indexed: it began with other items");
    if (index->kind == PY_SLICE) {
        Py r = py_list(e, 0, NULL);
        r->contents = growing_with(e, g, g->stacked);
        Growing *part = r->contents->grown;
        for (int k = 0; k < g->nstacked; k++) {
            Py rows = part->stacked[k] = subscript(e, g->stacked[k], index, span);
            if (rows->kind != PY_ARRAY) return e->error;
            part->count = rows->array.value->type->dim[0];
        }
        return r;
    }
    if (!py_is_index(index))
        return fail(e, span, "the index into a list must be an int or a slice, and is %s", py_describe(e, index));
    return item_at(e, g, index_within(e, index, ir_size(e->b, g->count), "list", span));
}

/* between.join(the list) */
Py growing_join(Elab *e, Py x, Py between, Span span) {
    Py item = x->contents->grown->item;
    if (item->kind != PY_STR && item->kind != PY_TEXT)
        return fail(e, span, "join() joins strs, and the items of this list are %s", py_describe(e, item));
    struct TextPart it = { .each = x, .between = between };
    Parts p = { 0 };
    PUSH(e->arena, &p, it);
    return parts_text(e, &p);
}

static bool only_numbers(Py x) {
    if (x->kind == PY_ARRAY || py_is_number(x)) return true;
    if ((x->kind != PY_TUPLE && x->kind != PY_LIST) || list_grows(x) || !x->contents->n) return false;
    for (int i = 0; i < x->contents->n; i++)
        if (!only_numbers(x->contents->at[i])) return false;
    return true;
}

/* Tuples and lists inside the items become axes behind the first one. */
static Py stacked_parts(Elab *e, Py x) {
    if (x->kind == PY_ARRAY) return x;
    const Contents *c = contents_of(e, x);
    Py *parts = NEW_ARRAY(e->arena, Py, c->n + 1);
    for (int i = 0; i < c->n; i++)
        if ((parts[i] = stacked_parts(e, c->at[i]))->kind == PY_ERROR) return e->error;
    Py stack = attribute(e, import_module(e, "jax.numpy", e->span), "stack", e->span);
    return call_values(e, stack, 2, (Py[]){ py_list(e, c->n, parts), py_int(e, 1) }, e->span);
}

Py growing_repeated(Elab *e, Py item, Py times, Span span) {
    const Dim *count = to_size(e, number_max(e, times, py_int(e, 0)), "the number of items", span);
    if (!count) return e->error;
    Growing *g = NEW(e->arena, Growing);
    *g = (Growing){ .count = count, .item = item, .nleaf = count_leaves(item) };
    g->leaf = NEW_ARRAY(e->arena, Leaf, g->nleaf + 1); /* LEAF_SAME, all of them */
    Py list = py_list(e, 0, NULL);
    list->contents->grown = g;
    return list;
}

static Py stack(Elab *e, Value *v) { return py_array(e, v, FLAVOUR_JAX, false); }

/* What lists of lists of numbers are lists of; NULL where they hold something else. */
static const Leaf *numbers_within(const Growing *g) {
    while (list_grows(g->item) && g->nstacked == 1) g = g->item->contents->grown;
    return g->nstacked == 1 && g->nleaf == 1 && py_is_number(g->item) ? g->leaf : NULL;
}

/* jnp.array of the list: its items are numbers or arrays of one type, or tuples and lists of those. */
Py growing_array(Elab *e, Py x, Flavour flavour) {
    const Growing *g = x->contents->grown;
    if (x->contents->n) return refuse(e, "made an array: it began with other items");
    const Leaf *numbers = numbers_within(g);
    if (numbers && numbers->mode == LEAF_NUMBER) {
        Value *v = array_value(e, g->stacked[0]);
        DType t = flavour == FLAVOUR_NUMPY ? number_dtype(numbers->number) : default_dtype(e, numbers->number);
        return py_array(e, v->type->dtype == t ? v : ir_convert(e->b, v, t), flavour, false);
    }
    if ((g->item->kind == PY_TUPLE || g->item->kind == PY_LIST) && only_numbers(g->item))
        return stacked_parts(e, growing_tree(e, x));
    if (g->item->kind != PY_ARRAY && !py_is_number(g->item))
        return fail(e, e->span, "the items of this list are %s, which are no arrays", py_describe(e, g->item));
    if (!g->nstacked) { /* the same in every iteration */
        Value *one = array_value(e, g->item);
        int64_t map[MAX_RANK];
        for (int k = 0; k < one->type->rank; k++) map[k] = k + 1;
        return py_array(e, ir_broadcast(e->b, one, type_with_lead(e->cx, one->type, g->count), map), FLAVOUR_JAX,
                        false);
    }
    Py r = py_array(e, array_value(e, g->stacked[0]), g->leaf[0].kind.flavour, false);
    r->array.key = g->leaf[0].key;
    return r;
}

/* The number 0, False, or 0j. */
static Py zero_of(Elab *e, NumberKind k) {
    switch (k) {
    case NUMBER_BOOL: return e->false_;
    case NUMBER_INT: return py_int(e, 0);
    case NUMBER_FLOAT: return py_float(e, 0);
    default: return py_complex(e, 0, 0);
    }
}

static Py listed_numbers(Elab *e, Value *x, NumberKind number) {
    const Type *row = type_without_lead(e->cx, x->type);
    Growing *g = NEW(e->arena, Growing);
    Leaf *leaf = NEW(e->arena, Leaf);
    Py list = py_list(e, 0, NULL), all = stack(e, x);
    *leaf = (Leaf){ .mode = LEAF_NUMBER, .number = number };
    if (row->rank) *leaf = (Leaf){ .mode = LEAF_ARRAY, .kind = kind_of(e, all), .type = row };
    *g = (Growing){ .count = x->type->dim[0], .leaf = leaf, .nleaf = 1, .nstacked = 1 };
    g->item = row->rank ? listed_numbers(e, ir_fill(e->b, row, 0), number) : zero_of(e, number);
    g->stacked = arena_copy(e->arena, &all, sizeof all);
    list->contents->grown = g;
    return list;
}

Py growing_of_array(Elab *e, Value *x) {
    NumberKind number = number_kind_of(x->type->dtype);
    DType t = number_dtype(number);
    return listed_numbers(e, x->type->dtype == t ? x : ir_convert(e->b, x, t), number);
}

/* A leaf that is the same in every item, as many times as there are items. */
static Py stack_same(Elab *e, void *count, Py *x) {
    if (!py_is_static_number(x[0])) return x[0];
    Value *one = array_value(e, x[0]);
    Value *all = ir_broadcast_scalar(e->b, one, type_with_lead(e->cx, one->type, count));
    return py_array(e, all, FLAVOUR_JAX, x[0]->kind != PY_BOOL);
}

/* One tree like an item, its leaves stacked. */
Py growing_tree(Elab *e, Py x) {
    const Growing *g = x->contents->grown;
    if (list_grows(g->item)) return refuse(e, "stacked: its items are lists");
    Value **at = NEW_ARRAY(e->arena, Value *, g->nstacked + 1);
    Leaf *leaf = arena_copy(e->arena, g->leaf, sizeof *leaf * (size_t)(g->nleaf + 1));
    for (int k = 0; k < g->nstacked; k++) at[k] = array_value(e, g->stacked[k]);
    for (int i = 0, k = 0; i < g->nleaf; i++) {
        if (leaf[i].mode == LEAF_SAME) continue;
        if (leaf[i].mode == LEAF_NUMBER) {
            DType t = default_dtype(e, leaf[i].number);
            leaf[i] = (Leaf){ .mode = LEAF_ARRAY, .kind = { .dtype = t, .weak = leaf[i].number != NUMBER_BOOL } };
            at[k] = ir_convert(e->b, at[k], t);
        }
        k++;
    }
    Py tree = rows_rebuild(e, g->item, leaf, at);
    return tree_map(e, 1, &tree, stack_same, (void *)(uintptr_t)g->count, e->span);
}

/* jnp.concatenate of the list: the rows of all items one after another along an axis. */
Py growing_joined(Elab *e, Py x, int axis) {
    Py all = growing_array(e, x, FLAVOUR_JAX);
    if (all->kind != PY_ARRAY) return all;
    Value *v = array_value(e, all);
    int rank = v->type->rank - 1;
    int64_t perm[MAX_RANK];
    const Dim *dims[MAX_RANK];
    for (int i = 0; i < rank; i++) { /* the axis of the items comes to stand before `axis` */
        perm[i < axis ? i : i + 1] = i + 1;
        dims[i] = v->type->dim[i + 1];
    }
    perm[axis] = 0;
    dims[axis] = dim_mul(e->cx, v->type->dim[0], dims[axis]);
    v = ir_transpose(e->b, v, perm);
    return py_array_like(e, ir_reshape(e->b, v, type_of(e->cx, v->type->dtype, rank, dims)), all);
}

/* natives: what the library asks of lists */

Py native_primitives_grows(Elab *e, Call *c) { return py_bool(e, list_grows(c->arg[0]) && !c->arg[0]->contents->n); }

Py native_primitives_joined(Elab *e, Call *c) {
    Py x = c->arg[0];
    int axis =
        to_axis(e, c->arg[1],
                x->contents->grown->item->kind == PY_ARRAY ? x->contents->grown->item->array.value->type->rank : 0,
                "axis", c->span);
    return axis < 0 ? e->error : growing_joined(e, x, axis);
}

/* Several items of each iteration of one type are items of a list as many times as long. */
static Value *interleaved(Elab *e, Value **v, int per, const Dim *count) {
    const Type *t = v[0]->type;
    const Dim *one[MAX_RANK], *dims[MAX_RANK];
    Value **parts = NEW_ARRAY(e->arena, Value *, per);
    one[0] = t->dim[0];
    one[1] = dim_int(e->cx, 1);
    for (int i = 1; i < t->rank; i++) one[i + 1] = dims[i] = t->dim[i];
    for (int i = 0; i < per; i++) parts[i] = ir_reshape(e->b, v[i], type_of(e->cx, t->dtype, t->rank + 1, one));
    dims[0] = dim_mul(e->cx, count, dim_int(e->cx, per));
    return ir_reshape(e->b, ir_concatenate(e->b, parts, per, 1), type_of(e->cx, t->dtype, t->rank, dims));
}

/* Only the rows where `holds`. */
static void compress(Elab *e, Growing *g, Value *holds) {
    Py mask = py_array(e, holds, FLAVOUR_JAX, false);
    const Dim *count = NULL;
    for (int k = 0; k < g->nstacked; k++) {
        Py rows = subscript(e, g->stacked[k], mask, e->span);
        if (rows->kind != PY_ARRAY) return;
        Value *v = rows->array.value;
        if (!count) count = v->type->dim[0];
        const Type *t = type_with_lead(e->cx, type_without_lead(e->cx, v->type), count);
        g->stacked[k] = stack(e, ir_retype(e->b, v, t, "a list"));
    }
    if (!count) { /* the same item each time: only their number counts */
        Py rows = subscript(e, mask, mask, e->span);
        if (rows->kind == PY_ARRAY) count = rows->array.value->type->dim[0];
    }
    g->count = count;
}

/* Items that the list held before, as rows in front. */
static bool put_before(Elab *e, Growing *g, const Contents *c) {
    for (int i = 0; i < c->n; i++)
        if (!rows_fit(e, c->at[i], g->item, g->leaf, g->nleaf)) return false;
    for (int k = 0; k < g->nstacked; k++) {
        Value *rows = array_value(e, g->stacked[k]);
        const Type *one = type_with_lead(e->cx, type_without_lead(e->cx, rows->type), dim_int(e->cx, 1));
        Value **parts = NEW_ARRAY(e->arena, Value *, c->n + 1);
        for (int i = 0; i < c->n; i++) {
            Values v = { 0 };
            rows_values(e, g->item, c->at[i], g->leaf, &v);
            parts[i] = ir_reshape(e->b, v.at[k], one);
        }
        parts[c->n] = rows;
        g->stacked[k] = stack(e, ir_concatenate(e->b, parts, c->n + 1, 0));
    }
    g->count = dim_add(e->cx, g->count, dim_int(e->cx, c->n));
    return true;
}

/* A tuple of stacked items, one for each append in the loop's body, becomes the end of the list. */
void growing_put(Elab *e, const Cell *c, Value **stacked, const Dim *count) {
    Growing *g = NEW(e->arena, Growing);
    int per = c->maybe ? 1 : c->grows;
    g->count = count;
    g->item = c->tail->contents->at[0];
    g->nleaf = c->maybe ? c->nrows - 1 : c->nrows / per;
    g->leaf = c->rows;
    for (int i = 0; i < g->nleaf; i++) g->nstacked += c->rows[i].mode != LEAF_SAME;
    g->stacked = NEW_ARRAY(e->arena, Py, g->nstacked + 1);
    bool alike = true;
    for (int i = 1; i < per; i++) {
        const Leaf *other = &c->rows[i * g->nleaf];
        alike = alike && rows_fit(e, c->tail->contents->at[i], g->item, g->leaf, g->nleaf) &&
                rows_same(g->leaf, other, g->nleaf);
    }
    for (int k = 0; alike && k < g->nstacked; k++) {
        Value **v = NEW_ARRAY(e->arena, Value *, per);
        for (int i = 0; i < per; i++) v[i] = stacked[i * g->nstacked + k];
        g->stacked[k] = stack(e, per == 1 ? v[0] : interleaved(e, v, per, count));
    }
    if (per > 1) g->count = dim_mul(e->cx, count, dim_int(e->cx, per));
    if (c->maybe) compress(e, g, stacked[g->nstacked]);
    Contents *to = contents_change(e, c->object);
    if (!alike || (to->n && !put_before(e, g, to))) {
        fail(e, e->span, "the items of a list whose length is known at run time only must be of one kind");
        return;
    }
    to->n = 0;
    to->grown = g;
}
