/* carries: what jax.lax asks of the functions it is given: a carry keeps its type, the branches of a cond give the same. */
#include "elaborate/transforms.h"

#include <string.h>

/* Whether a loop may carry `after` where `before` entered: a weak value becomes what it meets. */
static bool may_carry(Elab *e, Py before, Py after) {
    Kind a = kind_of(e, before), b = kind_of(e, after);
    return a.dtype == b.dtype || (a.weak && promote(e, a, b).dtype == b.dtype);
}

static bool same_shape(Elab *e, const Type *x, const Type *y) {
    bool same = x->rank == y->rank;
    for (int i = 0; same && i < x->rank; i++)
        same = x->dim[i] == y->dim[i] || !dim_never_equal(e->cx, x->dim[i], y->dim[i]);
    return same;
}

/* A leaf whose type is asked for: it may be what another function, traced to see its result, gives. */
static Value *looked_at(Elab *e, Py leaf, Span span) {
    return leaf->kind == PY_ARRAY ? leaf->array.value : leaf_value(e, leaf, "what a loop carries", span);
}

/* carried(what, before, after): after, whose leaves have the shapes of those of before and may take their places. */
Py native_primitives_carried(Elab *e, Call *c) {
    const char *what = c->arg[0]->str.at;
    Py before = c->arg[1], after = c->arg[2];
    TreeDifference d;
    Leaves x = { 0 }, y = { 0 };
    if (tree_difference(e, before, after, "the carry", &d))
        return fail(e, c->span, "%s: %s enters as %s, and the body gives %s", what, d.path, d.x, d.y);
    tree_flatten(e, before, &x);
    tree_flatten(e, after, &y);
    for (int i = 0; i < x.n; i++) {
        Value *v = looked_at(e, x.at[i], c->span), *w = v ? looked_at(e, y.at[i], c->span) : NULL;
        if (!w) return e->error;
        if (!same_shape(e, v->type, w->type) || !may_carry(e, x.at[i], y.at[i])) {
            fail(e, c->span, "%s: %s enters as %s, and the body gives %s", what, tree_path(e, before, "the carry", i),
                 type_text(e->cx, v->type), type_text(e->cx, w->type));
            note_shape(e, c->span, w);
            return e->error;
        }
        const Type *type = type_with_dtype(e->cx, v->type, w->type->dtype);
        if (w->type == type) continue;
        y.at[i] = py_array_like(e, ir_retype(e->b, value_here(e, w), type, "what a loop carries"), y.at[i]);
    }
    Py *at = y.at;
    return tree_unflatten(e, after, &at);
}

/* The first leaf on which the sides of a run-time `if` did not agree; NULL: there is none. */
static Py first_apart(Elab *e, Py x, const char *root, const char **path) {
    *path = root;
    if (x->kind == PY_APART) return x;
    if (x->kind != PY_TUPLE && x->kind != PY_LIST && x->kind != PY_DICT) return NULL;
    const Contents *c = contents_of(e, x);
    for (int i = 0; i < c->n; i++) {
        Py found = first_apart(e, c->at[i], tree_item_path(e, x, root, i), path);
        if (found) return found;
    }
    return NULL;
}

/* agreed(what, box): the one element of the list `box`, which each branch set to what it gives. */
Py native_primitives_agreed(Elab *e, Call *c) {
    Py x = contents_of(e, c->arg[1])->at[0];
    const char *path;
    Py apart = first_apart(e, x, "", &path);
    if (!apart || apart->apart.holds) return value_read(e, x, "the result", c->span);
    return fail(e, c->span, "%s: the branches give %s and %s%s%s; they must agree", c->arg[0]->str.at,
                tree_node_text(e, apart->apart.left), tree_node_text(e, apart->apart.right), *path ? " at " : "", path);
}
