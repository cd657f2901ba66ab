/* paths: where a leaf stands in a tree, in the user's words: params['w'][0], state.x. */
#include "elaborate/transforms.h"

#include <string.h>

const char *tree_item_path(Elab *e, Py x, const char *root, int i) {
    const Contents *c = contents_of(e, x);
    if (x->kind == PY_DICT) {
        Py key = text_of(e, c->keys[i], 'r', "", e->span);
        return arena_text(e->arena, "%s[%s]", root, key->kind == PY_STR ? key->str.at : "...");
    }
    if (x->cls) return arena_text(e->arena, "%s.%s", root, x->cls->class_->fields[i]);
    return arena_text(e->arena, "%s[%d]", root, i);
}

/* A container without its leaves, for messages. */
const char *tree_node_text(Elab *e, Py x) {
    if (x->kind != PY_DICT) return py_describe(e, x);
    const Contents *c = contents_of(e, x);
    if (!c->n) return "an empty dict";
    Text t = text_new(e->arena);
    text_add(&t, "a dict with the key%s ", c->n == 1 ? "" : "s");
    for (int i = 0; i < c->n; i++) {
        Py key = text_of(e, c->keys[i], 'r', "", e->span);
        text_add(&t, "%s%s", i ? ", " : "", key->kind == PY_STR ? key->str.at : "...");
    }
    return t.at;
}

/* The first place where two trees differ in structure; false where they do not. */
bool tree_difference(Elab *e, Py x, Py y, const char *root, TreeDifference *d) {
    if (tree_same(e, x, y)) return false;
    *d = (TreeDifference){ root, tree_node_text(e, x), tree_node_text(e, y) };
    bool contents = x->kind == PY_TUPLE || x->kind == PY_LIST || x->kind == PY_DICT;
    if (!contents || x->kind != y->kind || x->cls != y->cls) return true;
    const Contents *a = contents_of(e, x), *b = contents_of(e, y);
    if (a->n != b->n) return true;
    for (int i = 0; i < a->n; i++) {
        int k = x->kind == PY_DICT ? contents_find(e, b, a->keys[i]) : i;
        if (k < 0) return true;
        if (!tree_same(e, a->at[i], b->at[k]))
            return tree_difference(e, a->at[i], b->at[k], tree_item_path(e, x, root, i), d);
    }
    return true;
}

/* Counts leaves as tree_flatten meets them; gives the path of the one with that number. */
const char *tree_path(Elab *e, Py x, const char *root, int leaf) {
    if (x->kind == PY_TUPLE || x->kind == PY_LIST || x->kind == PY_DICT) {
        const Contents *c = contents_of(e, x);
        Py *keys = x->kind == PY_DICT ? sorted_keys(e, c) : NULL;
        for (int k = 0; k < c->n; k++) {
            int i = keys ? contents_find(e, c, keys[k]) : k;
            Leaves below = { 0 };
            tree_flatten(e, c->at[i], &below);
            if (leaf < below.n) return tree_path(e, c->at[i], tree_item_path(e, x, root, i), leaf);
            leaf -= below.n;
        }
    }
    if (x->kind == PY_OBJECT && x->cls->class_->tree && !x->cls->class_->flatten) {
        PyClass *c = x->cls->class_;
        for (int i = 0; i < c->nfields; i++) {
            Py v = c->data[i] ? attribute_get(e, x, c->fields[i]) : NULL;
            Leaves below = { 0 };
            if (v) tree_flatten(e, v, &below);
            if (leaf < below.n) return tree_path(e, v, arena_text(e->arena, "%s.%s", root, c->fields[i]), leaf);
            leaf -= below.n;
        }
    }
    return root;
}

/* The path of a leaf among the leaves of the chosen arguments (NULL: all), keyword arguments last. */
const char *argument_path(Elab *e, Py f, const Args *a, const bool *chosen, int leaf) {
    for (int i = 0; i < a->nargs; i++) {
        if (chosen && !chosen[i]) continue;
        Leaves below = { 0 };
        tree_flatten(e, a->args[i], &below);
        if (leaf < below.n) return tree_path(e, a->args[i], argument_name(e, f, i), leaf);
        leaf -= below.n;
    }
    for (int i = 0; i < a->nkeywords; i++) {
        Leaves below = { 0 };
        tree_flatten(e, a->values[i], &below);
        if (leaf < below.n) return tree_path(e, a->values[i], a->names[i], leaf);
        leaf -= below.n;
    }
    return "an argument";
}

/* "the result of loss", "['w'] of the result of loss" */
const char *result_path(Elab *e, Py result, Py f, int leaf) {
    const char *path = tree_path(e, result, "", leaf);
    return arena_text(e->arena, "%s%sthe result of %s", path, *path ? " of " : "", title_of(e, f));
}
