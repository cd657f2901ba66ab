/* trees: nested containers of leaves, as jax.tree_util sees them.
**
** Tuples, lists, dicts (keys sorted), NamedTuples, None (no leaves) and registered classes are nodes; the rest are
** leaves. */
#include "elaborate/values.h"

#include <stdlib.h>
#include <string.h>

bool tree_is_node(Py x) {
    switch (x->kind) {
    case PY_NONE:
    case PY_TUPLE:
    case PY_LIST:
    case PY_DICT: return true;
    case PY_OBJECT: return x->cls->class_->tree;
    default: return false;
    }
}

static int compare_keys(const void *a, const void *b) {
    Py x = *(const Py *)a, y = *(const Py *)b;
    if (x->kind == PY_STR && y->kind == PY_STR) return strcmp(x->str.at, y->str.at);
    if (x->kind != y->kind) return (int)x->kind - (int)y->kind;
    return (x->integer > y->integer) - (x->integer < y->integer);
}

/* The keys of a dict in the order in which its values are leaves. */
Py *sorted_keys(Elab *e, const Contents *c) {
    Py *keys = NEW_ARRAY(e->arena, Py, c->n + 1);
    if (c->n) memcpy(keys, c->keys, sizeof *keys * (size_t)c->n);
    qsort(keys, (size_t)c->n, sizeof *keys, compare_keys);
    return keys;
}

/* A class with flatten and unflatten functions of its own gives its children as a tuple, and what is static. */
static bool flattened(Elab *e, Py x, Py *children, Py *aux) {
    Py both = call_values(e, x->cls->class_->flatten, 1, &x, e->span), *parts;
    int n;
    if (both->kind == PY_ERROR || !iterate(e, both, &parts, &n, e->span)) return false;
    if (n != 2) {
        fail(e, e->span, "the flatten function of %s must give (children, static data)", x->cls->class_->name);
        return false;
    }
    Py *items;
    if (!iterate(e, parts[0], &items, &n, e->span)) return false;
    *children = py_tuple(e, n, items);
    *aux = parts[1];
    return true;
}

void tree_flatten(Elab *e, Py x, Leaves *out) {
    x = value_read(e, x, "this leaf", e->span);
    switch (x->kind) {
    case PY_NONE: return;
    case PY_TUPLE:
    case PY_LIST: {
        const Contents *c = contents_of(e, x);
        for (int i = 0; i < c->n; i++) tree_flatten(e, c->at[i], out);
        return;
    }
    case PY_DICT: {
        const Contents *c = contents_of(e, x);
        Py *keys = sorted_keys(e, c);
        for (int i = 0; i < c->n; i++) tree_flatten(e, c->at[contents_find(e, c, keys[i])], out);
        return;
    }
    case PY_OBJECT: {
        PyClass *c = x->cls->class_;
        if (!c->tree) break;
        if (c->flatten) {
            Py children, aux;
            if (flattened(e, x, &children, &aux)) tree_flatten(e, children, out);
            return;
        }
        for (int i = 0; i < c->nfields; i++)
            if (c->data[i]) {
                Py v = attribute_get(e, x, c->fields[i]);
                if (v) tree_flatten(e, v, out);
            }
        return;
    }
    default: break;
    }
    PUSH(e->arena, out, x);
}

static Py same_class(Elab *e, Py like, Contents *c) {
    Py x = py_new(e, like->kind);
    x->cls = like->cls;
    x->contents = c;
    return x;
}

Py tree_unflatten(Elab *e, Py like, Py **leaves) {
    switch (like->kind) {
    case PY_NONE: return like;
    case PY_TUPLE:
    case PY_LIST: {
        const Contents *old = contents_of(e, like);
        Contents *c = NEW(e->arena, Contents);
        c->epoch = e->epoch;
        for (int i = 0; i < old->n; i++) contents_push(e, c, NULL, tree_unflatten(e, old->at[i], leaves));
        return same_class(e, like, c);
    }
    case PY_DICT: {
        const Contents *old = contents_of(e, like);
        Contents *c = NEW(e->arena, Contents);
        c->epoch = e->epoch;
        Py *keys = sorted_keys(e, old);
        for (int i = 0; i < old->n; i++)
            contents_push(e, c, keys[i], tree_unflatten(e, old->at[contents_find(e, old, keys[i])], leaves));
        return same_class(e, like, c);
    }
    case PY_OBJECT: {
        PyClass *k = like->cls->class_;
        if (!k->tree) break;
        if (k->unflatten) {
            Py children, aux;
            if (!flattened(e, like, &children, &aux)) return e->error;
            Py new = tree_unflatten(e, children, leaves);
            if (k->tree_class) return call_method(e, like->cls, "tree_unflatten", 2, (Py[]){ aux, new }, e->span);
            return call_values(e, k->unflatten, 2, (Py[]){ aux, new }, e->span);
        }
        const Contents *old = contents_of(e, like);
        Contents *c = NEW(e->arena, Contents);
        c->epoch = e->epoch;
        for (int i = 0; i < old->n; i++) contents_push(e, c, old->keys[i], old->at[i]);
        Py x = same_class(e, like, c);
        for (int i = 0; i < k->nfields; i++) {
            Py old_value = k->data[i] ? attribute_get(e, like, k->fields[i]) : NULL;
            if (old_value) dict_set(e, x, py_str(e, k->fields[i]), tree_unflatten(e, old_value, leaves));
        }
        return x;
    }
    default: break;
    }
    return *(*leaves)++;
}

bool tree_same(Elab *e, Py x, Py y) {
    if (!tree_is_node(x) || !tree_is_node(y)) return !tree_is_node(x) && !tree_is_node(y);
    if (x->kind != y->kind || x->cls != y->cls) return false;
    if (x->kind == PY_NONE) return true;
    const Contents *a = contents_of(e, x), *b = contents_of(e, y);
    if (x->kind == PY_OBJECT) {
        PyClass *c = x->cls->class_;
        if (c->flatten) {
            Py cx, cy, ax, ay;
            return flattened(e, x, &cx, &ax) && flattened(e, y, &cy, &ay) && tree_same(e, cx, cy) &&
                   py_equal_static(e, ax, ay);
        }
        for (int i = 0; i < c->nfields; i++) {
            Py u = attribute_get(e, x, c->fields[i]), v = attribute_get(e, y, c->fields[i]);
            if (!u || !v || (c->data[i] ? !tree_same(e, u, v) : !py_equal_static(e, u, v))) return false;
        }
        return true;
    }
    if (a->n != b->n) return false;
    for (int i = 0; i < a->n; i++) {
        int at = x->kind == PY_DICT ? contents_find(e, b, a->keys[i]) : i;
        if (at < 0 || !tree_same(e, a->at[i], b->at[at])) return false;
    }
    return true;
}

/* Walks `like` and takes the subtree that `x` has where `like` has a leaf. */
static bool match_leaves(Elab *e, Py like, Py x, Leaves *out, Span span) {
    if (!tree_is_node(like)) {
        PUSH(e->arena, out, x);
        return true;
    }
    const Contents *a = like->kind == PY_NONE ? NULL : contents_of(e, like), *b = NULL;
    bool same = like->kind == x->kind && like->cls == x->cls;
    if (same && a) b = contents_of(e, x);
    if (same && a && like->kind != PY_OBJECT) same = a->n == b->n;
    if (!same) {
        fail(e, span, "the trees differ: %s on one side, %s on the other", py_describe(e, like), py_describe(e, x));
        return false;
    }
    if (like->kind == PY_NONE) return true;
    if (like->kind == PY_OBJECT && like->cls->class_->flatten) {
        Py cx, cy, ax, ay;
        return flattened(e, like, &cx, &ax) && flattened(e, x, &cy, &ay) && match_leaves(e, cx, cy, out, span);
    }
    if (like->kind == PY_OBJECT) {
        PyClass *c = like->cls->class_;
        for (int i = 0; i < c->nfields; i++) {
            Py u = attribute_get(e, like, c->fields[i]), v = attribute_get(e, x, c->fields[i]);
            if (c->data[i] && u && v && !match_leaves(e, u, v, out, span)) return false;
        }
        return true;
    }
    Py *keys = like->kind == PY_DICT ? sorted_keys(e, a) : NULL;
    for (int i = 0; i < a->n; i++) {
        int at = keys ? contents_find(e, a, keys[i]) : i, other = keys ? contents_find(e, b, keys[i]) : i;
        if (other < 0) {
            fail(e, span, "the trees differ: only one of the dicts has the key %s", py_describe(e, keys[i]));
            return false;
        }
        if (!match_leaves(e, a->at[at], b->at[other], out, span)) return false;
    }
    return true;
}

Py tree_map(Elab *e, int n, Py const *trees, Py (*f)(Elab *, void *, Py *), void *data, Span span) {
    Leaves first = { 0 };
    tree_flatten(e, trees[0], &first);
    Leaves *rest = NEW_ARRAY(e->arena, Leaves, n);
    for (int i = 1; i < n; i++)
        if (!match_leaves(e, trees[0], trees[i], &rest[i], span)) return e->error;
    Py *results = NEW_ARRAY(e->arena, Py, first.n + 1), *at = results;
    for (int k = 0; k < first.n; k++) {
        Py *x = NEW_ARRAY(e->arena, Py, n);
        x[0] = first.at[k];
        for (int i = 1; i < n; i++) x[i] = rest[i].at[k];
        results[k] = f(e, data, x);
    }
    return tree_unflatten(e, trees[0], &at);
}

/* `prefix` may end earlier than `like`: each of its leaves stands for all leaves below (in_axes=0, (0, None), ...).
** `what` and `value` are what the two are called. */
bool tree_spread(Elab *e, Py prefix, Py like, Leaves *out, const char *what, const char *value, Span span) {
    bool ends = !tree_is_node(prefix) || prefix->kind == PY_NONE;
    if (ends) {
        Leaves below = { 0 };
        tree_flatten(e, like, &below);
        for (int i = 0; i < below.n; i++) PUSH(e->arena, out, prefix);
        return true;
    }
    bool listed = prefix->kind == PY_TUPLE || prefix->kind == PY_LIST;
    bool same = prefix->kind == like->kind || (listed && (like->kind == PY_TUPLE || like->kind == PY_LIST));
    const Contents *a = contents_of(e, prefix), *b = same ? contents_of(e, like) : NULL;
    if (!same || (listed && a->n != b->n)) {
        fail(e, span, "%s is %s, and %s is %s", what, tree_node_text(e, prefix), value, tree_node_text(e, like));
        return false;
    }
    Py *keys = like->kind == PY_DICT ? sorted_keys(e, b) : NULL;
    for (int i = 0; i < b->n; i++) {
        int at = keys ? contents_find(e, a, keys[i]) : i, other = keys ? contents_find(e, b, keys[i]) : i;
        if (at < 0 || (keys && a->n > b->n)) {
            fail(e, span, "%s is %s, and %s is %s", what, tree_node_text(e, prefix), value, tree_node_text(e, like));
            return false;
        }
        const char *below = tree_item_path(e, prefix, what, at), *inside = tree_item_path(e, like, value, other);
        if (!tree_spread(e, a->at[at], b->at[other], out, below, inside, span)) return false;
    }
    return true;
}

void put_treedef(Elab *e, Parts *p, Py x, Span span) {
    if (x->kind == PY_NONE) {
        text_put_literal(e, p, "None");
    } else if (!tree_is_node(x)) {
        text_put_literal(e, p, "*");
    } else if (x->kind == PY_OBJECT || x->cls) {
        text_put_literal(
            e, p,
            arena_text(e->arena, x->cls->class_->named_tuple ? "CustomNode(namedtuple[%s], [" : "CustomNode(%s[()], [",
                       x->cls->class_->name));
        const Contents *c = contents_of(e, x);
        for (int i = 0; i < c->n; i++) {
            if (i) text_put_literal(e, p, ", ");
            put_treedef(e, p, c->at[i], span);
        }
        text_put_literal(e, p, "])");
    } else {
        const Contents *c = contents_of(e, x);
        Py *keys = x->kind == PY_DICT ? sorted_keys(e, c) : NULL;
        text_put_literal(e, p, x->kind == PY_LIST ? "[" : x->kind == PY_TUPLE ? "(" : "{");
        for (int i = 0; i < c->n; i++) {
            if (i) text_put_literal(e, p, ", ");
            if (keys) {
                Py key = text_of(e, keys[i], 'r', "", span);
                text_put_literal(e, p, key->str.at);
                text_put_literal(e, p, ": ");
            }
            put_treedef(e, p, c->at[keys ? contents_find(e, c, keys[i]) : i], span);
        }
        text_put_literal(e, p, x->kind == PY_LIST ? "]" : x->kind == PY_TUPLE ? c->n == 1 ? ",)" : ")" : "}");
    }
}

/* natives */

/* register_pytree_node(cls, flatten, unflatten), register_dataclass(cls, data_fields, meta_fields) and its kin. */
Py native_primitives_register_tree(Elab *e, Call *c) {
    Py cls = c->arg[0];
    if (cls->kind != PY_CLASS)
        return fail(e, c->span, "only a class can be registered as a tree, and this is %s", py_describe(e, cls));
    PyClass *k = cls->class_;
    k->tree = true;
    if (c->arg[1]->kind != PY_NONE) {
        k->flatten = c->arg[1];
        k->unflatten = c->arg[2];
        k->tree_class = c->arg[2]->kind == PY_BOOL;
        return cls;
    }
    k->data = NEW_ARRAY(e->arena, bool, k->nfields + 1);
    for (int i = 0; i < k->nfields; i++) k->data[i] = !(k->options[i] & FIELD_STATIC);
    if (c->arg[3]->kind != PY_NONE) {
        Py *names;
        int n;
        if (!iterate(e, c->arg[3], &names, &n, c->span)) return e->error;
        for (int i = 0; i < k->nfields; i++) {
            k->data[i] = false;
            for (int j = 0; j < n; j++)
                if (names[j]->kind == PY_STR && strcmp(names[j]->str.at, k->fields[i]) == 0) k->data[i] = true;
        }
    }
    return cls;
}

/* With `is_leaf`, subtrees it holds for are leaves: they are boxed so that the walk stops there. */
static Py boxed(Elab *e, Py x, Py is_leaf, Leaves *out, Span span) {
    Value *v;
    int leaf = !tree_is_node(x)           ? 1
               : is_leaf->kind == PY_NONE ? 0
                                          : py_truth(e, call_values(e, is_leaf, 1, &x, span), &v);
    if (leaf) {
        PUSH(e->arena, out, x);
        return py_int(e, out->n - 1);
    }
    if (x->kind == PY_NONE) return x;
    if (x->kind == PY_OBJECT) {
        Leaves some = { 0 };
        tree_flatten(e, x, &some);
        Py *numbers = NEW_ARRAY(e->arena, Py, some.n + 1), *at = numbers;
        for (int i = 0; i < some.n; i++) {
            PUSH(e->arena, out, some.at[i]);
            numbers[i] = py_int(e, out->n - 1);
        }
        return tree_unflatten(e, x, &at);
    }
    const Contents *c = contents_of(e, x);
    Contents *n = NEW(e->arena, Contents);
    n->epoch = e->epoch;
    Py *keys = x->kind == PY_DICT ? sorted_keys(e, c) : NULL;
    for (int i = 0; i < c->n; i++)
        contents_push(e, n, keys ? keys[i] : NULL,
                      boxed(e, c->at[keys ? contents_find(e, c, keys[i]) : i], is_leaf, out, span));
    return same_class(e, x, n);
}

static Leaves flat_leaves(Elab *e, Py tree, Py is_leaf, Py *numbered) {
    Leaves out = { 0 };
    *numbered = boxed(e, tree, is_leaf, &out, e->span);
    for (int i = 0; i < out.n; i++) out.at[i] = value_read(e, out.at[i], "this leaf", e->span);
    return out;
}

static Py treedef(Elab *e, Py numbered) {
    Py d = py_new(e, PY_TREEDEF);
    d->wrapped.wrapped = numbered;
    return d;
}

Py native_primitives_tree_flatten(Elab *e, Call *c) {
    Py numbered;
    Leaves l = flat_leaves(e, c->arg[0], c->arg[1], &numbered);
    return py_tuple(e, 2, (Py[]){ py_list(e, l.n, l.at), treedef(e, numbered) });
}

static Py step(Elab *e, const char *how, Py key, Py child) {
    return py_tuple(e, 3, (Py[]){ py_str(e, how), key, child });
}

/* The children of a node, and what is static of a class; how each child is reached: ("DictKey", key, child), ("SequenceKey",
** index, child), ("GetAttrKey", name, child) or ("FlattenedIndexKey", index, child).  None of a leaf. */
Py native_primitives_tree_children(Elab *e, Call *c) {
    Py x = c->arg[0], aux = e->none;
    if (!tree_is_node(x)) return e->none;
    Leaves steps = { 0 };
    PyClass *k = x->cls && x->kind != PY_LIST ? x->cls->class_ : NULL;
    if (x->kind == PY_OBJECT && !k->flatten) {
        for (int i = 0; i < k->nfields; i++) {
            Py v = k->data[i] ? attribute_get(e, x, k->fields[i]) : NULL;
            if (v) PUSH(e->arena, &steps, step(e, "GetAttrKey", py_str(e, k->fields[i]), v));
        }
        return py_tuple(e, 2, (Py[]){ py_tuple(e, steps.n, steps.at), aux });
    }
    Py children = x;
    if (x->kind == PY_OBJECT && !flattened(e, x, &children, &aux)) return e->error;
    const Contents *all = x->kind == PY_NONE ? &(Contents){ 0 } : contents_of(e, children);
    Py *keys = x->kind == PY_DICT ? sorted_keys(e, all) : NULL;
    if (keys) aux = py_tuple(e, all->n, keys);
    for (int i = 0; i < all->n; i++) {
        bool named = x->kind == PY_TUPLE && k;
        const char *how = keys                   ? "DictKey"
                          : named                ? "GetAttrKey"
                          : x->kind == PY_OBJECT ? "FlattenedIndexKey"
                                                 : "SequenceKey";
        Py key = keys ? keys[i] : named ? py_str(e, k->fields[i]) : py_int(e, i);
        PUSH(e->arena, &steps, step(e, how, key, all->at[keys ? contents_find(e, all, keys[i]) : i]));
    }
    return py_tuple(e, 2, (Py[]){ py_tuple(e, steps.n, steps.at), aux });
}

Py native_primitives_tree_unflatten(Elab *e, Call *c) {
    if (c->arg[0]->kind != PY_TREEDEF)
        return fail(e, c->span, "the structure of a tree comes from tree_structure or tree_flatten, and this is %s",
                    py_describe(e, c->arg[0]));
    Py *items;
    int n;
    Leaves want = { 0 };
    if (!iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    tree_flatten(e, c->arg[0]->wrapped.wrapped, &want);
    if (want.n != n) return fail(e, c->span, "this tree has %d leaves, and was given %d", want.n, n);
    return tree_unflatten(e, c->arg[0]->wrapped.wrapped, &items);
}

typedef struct {
    Py f;
    int n;
    Span span;
    Leaves leaves;
} Mapped;
static Py map_leaf(Elab *e, void *data, Py *x) {
    Mapped *m = data;
    x[0] = m->leaves.at[x[0]->integer];
    return call_values(e, m->f, m->n, x, m->span);
}

Py native_primitives_tree_map(Elab *e, Call *c) {
    int n = 1 + c->arg[2]->contents->n;
    Py *trees = NEW_ARRAY(e->arena, Py, n);
    Mapped m = { .f = c->arg[0], .n = n, .span = c->span };
    m.leaves = flat_leaves(e, c->arg[1], c->arg[3], &trees[0]);
    for (int i = 1; i < n; i++) trees[i] = c->arg[2]->contents->at[i - 1];
    return tree_map(e, n, trees, map_leaf, &m, c->span);
}

/* treedef.num_leaves, treedef.unflatten(leaves), treedef.flatten_up_to(tree) */
Py native_PyTreeDef_property_num_leaves(Elab *e, Call *c) {
    Leaves all = { 0 };
    tree_flatten(e, c->arg[0]->wrapped.wrapped, &all);
    return py_int(e, all.n);
}

Py native_PyTreeDef_unflatten(Elab *e, Call *c) { return native_primitives_tree_unflatten(e, c); }

Py native_PyTreeDef_flatten_up_to(Elab *e, Call *c) {
    Leaves all = { 0 };
    if (!match_leaves(e, c->arg[0]->wrapped.wrapped, c->arg[1], &all, c->span)) return e->error;
    return py_list(e, all.n, all.at);
}
