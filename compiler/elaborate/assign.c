/* assign: names, unpacking, attributes and elements as targets. */
#include "elaborate/values.h"

#include <string.h>

static void unpack(Elab *e, Nodes targets, Py x, Span span) {
    int starred = -1, n;
    Py *items;
    for (int i = 0; i < targets.n; i++)
        if (targets.at[i]->kind == NODE_Starred) starred = i;
    if (x->kind == PY_ERROR || !iterate(e, x, &items, &n, span)) {
        for (int i = 0; i < targets.n; i++) {
            Node *t = targets.at[i];
            assign(e, t->kind == NODE_Starred ? t->Starred.value : t, e->error, span);
        }
        return;
    }
    int least = targets.n - (starred >= 0);
    if (n < least || (starred < 0 && n != least)) {
        fail(e, span, "%s %d value%s to unpack, and %s has %d",
             starred < 0 ? "there must be" : "there must be at least", least, least == 1 ? "" : "s", py_describe(e, x),
             n);
        for (int i = 0; i < targets.n; i++) {
            Node *t = targets.at[i];
            assign(e, t->kind == NODE_Starred ? t->Starred.value : t, e->error, span);
        }
        return;
    }
    for (int i = 0, at = 0; i < targets.n; i++) {
        if (i != starred) {
            assign(e, targets.at[i], items[at++], span);
            continue;
        }
        int count = n - least;
        assign(e, targets.at[i]->Starred.value, py_list(e, count, items + at), span);
        at += count;
    }
}

/* The variable now holds a new array; other names of the old elements are stale. */
static Py changed(Elab *e, Py old, Py new, Node *target, Span span) {
    if (old->kind != PY_ARRAY || new->kind != PY_ARRAY) return new;
    if (!old->array.alias) {
        old->array.alias = NEW(e->arena, Alias);
        old->array.alias->version = (Place){ .value = py_int(e, 0), .born = old->born };
    }
    Alias *a = old->array.alias;
    int version = (int)a->version.value->integer + 1;
    Py fresh = py_new(e, PY_ARRAY);
    fresh->array = new->array;
    fresh->array.alias = a;
    fresh->array.version = version;
    place_set(e, &a->version, py_int(e, version), span);
    a->changed = span;
    a->changed_name = target && target->kind == NODE_Name ? target->Name.id : "it";
    return fresh;
}

static void assign_element(Elab *e, Node *target, Py value, Span span) {
    Node *base = target->Subscript.value;
    Py x = eval(e, base), index = eval(e, target->Subscript.slice);
    if (x->kind == PY_ERROR || index->kind == PY_ERROR || value->kind == PY_ERROR) return;
    at_node(e, target);
    Py result = subscript_set(e, x, index, value, target->span);
    if (x->kind != PY_ARRAY || result->kind == PY_ERROR) return;
    if (base->kind != NODE_Name && base->kind != NODE_Attribute && base->kind != NODE_Subscript) {
        fail(e, span, "this array has no name, so nothing could see the change");
        return;
    }
    assign(e, base, changed(e, x, result, base, span), span);
}

void assign(Elab *e, Node *target, Py x, Span span) {
    switch (target->kind) {
    case NODE_Name: place_set(e, name_place(e, e->frame->env, target->Name.id), x, target->span); break;
    case NODE_Tuple: unpack(e, target->Tuple.elts, x, span); break;
    case NODE_List: unpack(e, target->List.elts, x, span); break;
    case NODE_Starred: fail(e, target->span, "a starred target stands in a list or tuple only"); break;
    case NODE_Attribute: {
        Py object = eval(e, target->Attribute.value);
        if (object->kind != PY_ERROR) attribute_set(e, object, target->Attribute.attr, x, target->at);
        break;
    }
    case NODE_Subscript: assign_element(e, target, x, span); break;
    default: fail(e, target->span, "%s cannot be assigned to", node_words(target->kind)); break;
    }
}

/* x += y: containers and NumPy arrays change in place, all else is x = x + y. */
void assign_update(Elab *e, Node *n) {
    Node *target = n->AugAssign.target;
    Operator op = n->AugAssign.op;
    Py x = eval(e, target), y = eval(e, n->AugAssign.value);
    at_node(e, n);
    if (x->kind == PY_LIST && op == OPERATOR_Add) {
        Py *items;
        int count;
        if (y->kind == PY_ERROR || !iterate(e, y, &items, &count, n->span)) return;
        Contents *c = contents_change(e, x);
        for (int i = 0; i < count; i++) contents_push(e, c, NULL, items[i]);
        assign(e, target, x, n->span);
        return;
    }
    if ((x->kind == PY_SET || x->kind == PY_DICT) && y->kind == x->kind) {
        Py r = binary(e, op, x, y, n->span);
        if (r->kind != x->kind) return;
        Contents *c = contents_change(e, x);
        const Contents *from = contents_of(e, r);
        *c = (Contents){ .epoch = c->epoch };
        for (int i = 0; i < from->n; i++) contents_push(e, c, from->keys[i], from->at[i]);
        return;
    }
    static const char *const names[] = {
        [OPERATOR_Add] = "__iadd__",           [OPERATOR_Sub] = "__isub__",       [OPERATOR_Mult] = "__imul__",
        [OPERATOR_MatMult] = "__imatmul__",    [OPERATOR_Div] = "__itruediv__",   [OPERATOR_Mod] = "__imod__",
        [OPERATOR_Pow] = "__ipow__",           [OPERATOR_LShift] = "__ilshift__", [OPERATOR_RShift] = "__irshift__",
        [OPERATOR_BitOr] = "__ior__",          [OPERATOR_BitXor] = "__ixor__",    [OPERATOR_BitAnd] = "__iand__",
        [OPERATOR_FloorDiv] = "__ifloordiv__",
    };
    if (x->cls && class_lookup(e, x->cls, names[op])) {
        assign(e, target, call_method(e, x, names[op], 1, &y, n->span), n->span);
        return;
    }
    Py r = binary(e, op, x, y, n->span);
    if (x->kind == PY_ARRAY && x->array.flavour == FLAVOUR_NUMPY && !x->array.numpy_scalar && r->kind == PY_ARRAY) {
        const Type *was = x->array.value->type, *is = r->array.value->type;
        if (is->dtype != was->dtype) {
            if (dtype_kind(is->dtype) > dtype_kind(was->dtype)) {
                fail(e, n->span, "a NumPy array of %s cannot hold %s in place; write `x = x %s ...`",
                     dtype_long_name(was->dtype), dtype_long_name(is->dtype), operator_text(op));
                return;
            }
            r = py_array(e, ir_convert(e->b, array_value(e, r), was->dtype), FLAVOUR_NUMPY, false);
        }
        if (target->kind != NODE_Subscript) r = changed(e, x, r, target, n->span); /* else its base changes, below */
    }
    assign(e, target, r, n->span);
}

/* Every item of a list that a slice names; the others move together. */
static void delete_slice(Elab *e, Py x, Py slice, Span span) {
    Py all = call_values(e, py_builtin(e, "range"), 1, (Py[]){ py_int(e, contents_of(e, x)->n) }, span), *at;
    int n;
    if (!iterate(e, subscript(e, call_values(e, py_builtin(e, "list"), 1, &all, span), slice, span), &at, &n, span))
        return;
    Contents *c = contents_change(e, x);
    bool *gone = NEW_ARRAY(e->arena, bool, c->n + 1);
    int kept = 0;
    for (int i = 0; i < n; i++) gone[at[i]->integer] = true;
    for (int i = 0; i < c->n; i++)
        if (!gone[i]) c->at[kept++] = c->at[i];
    c->n = kept;
}

static void delete_item(Elab *e, Py x, Py index, Span span) {
    int64_t i;
    if (x->kind == PY_ERROR || index->kind == PY_ERROR) return;
    if (x->kind == PY_LIST && index->kind == PY_SLICE) {
        delete_slice(e, x, index, span);
    } else if (x->kind == PY_DICT || x->kind == PY_LIST) {
        const Contents *have = contents_of(e, x);
        int at = -1;
        if (x->kind == PY_DICT)
            at = contents_find(e, have, index);
        else if (py_static_int(e, index, &i))
            at = (int)(i < 0 ? i + have->n : i);
        if (at < 0 || at >= have->n) {
            fail(e, span, "there is no such element to delete");
            return;
        }
        Contents *c = contents_change(e, x);
        for (int k = at; k + 1 < c->n; k++) {
            c->at[k] = c->at[k + 1];
            if (c->keys) c->keys[k] = c->keys[k + 1];
        }
        c->n--;
    } else if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__delitem__")) {
        call_method(e, x, "__delitem__", 1, &index, span);
    } else {
        fail(e, span, "elements of %s cannot be deleted", py_describe(e, x));
    }
}

static void delete_one(Elab *e, Node *t) {
    if (t->kind == NODE_Name) {
        if (name_get(e, e->frame->env, t->Name.id, t->span)->kind == PY_ERROR) return;
        place_set(e, name_place(e, e->frame->env, t->Name.id), e->unbound, t->span);
    } else if (t->kind == NODE_Tuple || t->kind == NODE_List) {
        Nodes parts = t->kind == NODE_Tuple ? t->Tuple.elts : t->List.elts;
        for (int i = 0; i < parts.n; i++) delete_one(e, parts.at[i]);
    } else if (t->kind == NODE_Subscript) {
        Py x = eval(e, t->Subscript.value);
        delete_item(e, x, eval(e, t->Subscript.slice), t->span);
    } else {
        fail(e, t->span, "`del` of %s is not supported; delete names and elements of lists and dicts",
             node_words(t->kind));
    }
}

void assign_delete(Elab *e, Node *n) {
    for (int i = 0; i < n->Delete.targets.n; i++) delete_one(e, n->Delete.targets.at[i]);
}
