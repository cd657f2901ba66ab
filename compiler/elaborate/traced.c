/* traced: a Python function as an IR function, for the transformations. */
#include "elaborate/transforms.h"

#include <string.h>

static const char *callable_name(Elab *e, Py f) {
    static const char *const inner[] = { "__wrapped__", "func" };
    switch (f->kind) {
    case PY_FUNCTION: return f->function.name;
    case PY_CLOSURE: return f->closure.name;
    case PY_NATIVE: return f->native->name;
    case PY_METHOD: return callable_name(e, f->method.function);
    case PY_CLASS: return f->class_->name;
    case PY_OBJECT: /* a function with a rule of its own, or a partial one */
        for (int i = 0; i < COUNT(inner); i++) {
            Py g = attribute_get(e, f, inner[i]);
            if (g) return callable_name(e, g);
        }
        return f->cls->class_->name;
    default: return "function";
    }
}

/* "grad(loss)" */
const char *title_of(Elab *e, Py f) {
    if (f->kind == PY_CLOSURE && f->closure.inner) {
        if (strcmp(f->closure.name, "jit") == 0) return title_of(e, f->closure.inner);
        return arena_text(e->arena, "%s(%s)", f->closure.name, title_of(e, f->closure.inner));
    }
    return callable_name(e, f);
}

/* A leaf as its array; numbers become weak ones.  NULL after an error. */
Value *leaf_value(Elab *e, Py x, const char *what, Span span) {
    if (py_is_number(x) || x->kind == PY_ARRAY) return array_value(e, x);
    if (x->kind != PY_ERROR) fail(e, span, "%s must be arrays or numbers, and one is %s", what, py_describe(e, x));
    return NULL;
}

/* The tangent or gradient of what has none, such as an integer: zeros of bool, JAX's float0. */
Py no_tangent(Elab *e, Py leaf) {
    const Type *type = type_with_dtype(e->cx, array_value(e, leaf)->type, DT_bool);
    return py_array(e, ir_fill(e->b, type, 0), FLAVOUR_JAX, false);
}

bool leaf_weak(Py x) { return x->kind == PY_ARRAY ? x->array.weak : py_number_kind(x) != NUMBER_BOOL; }

/* Python numbers among the arguments that enter a transformation become weak arrays. */
static Py number_to_array(Elab *e, void *span, Py *x) {
    return py_is_number(x[0]) ? to_array(e, x[0], FLAVOUR_JAX, *(Span *)span) : x[0];
}
Py numbers_to_arrays(Elab *e, Py tree, Span span) { return tree_map(e, 1, &tree, number_to_array, &span, span); }

/* Traces f(args...), where the leaves of the trees `mapped` (by argument; NULL: captured) become parameters. */
bool trace(Elab *e, Traced *t, Py f, const Entering *in, Span span) {
    const Args *a = in->args;
    const Leaves *leaves = in->leaves;
    Tracing *tr = NEW(e->arena, Tracing);
    const char *title = title_of(e, f);
    const char *name = *title == '<' || strchr(title, '(') ? "function" : title;
    Args inner = *a;
    inner.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    inner.values = NEW_ARRAY(e->arena, Py, a->nkeywords + 1);
    inner.spans = NULL;
    tracing_begin(e, tr, name, title);
    Py *params = NEW_ARRAY(e->arena, Py, leaves->n + 1), *at = params;
    int nparams = 0;
    for (int i = 0; i < leaves->n; i++) {
        Py leaf = leaves->at[i];
        if (!in->types[i]) {
            params[i] = leaf;
            continue;
        }
        nparams++;
        Value *p = block_param(tr->func->body, in->types[i]);
        if (leaf->kind == PY_ARRAY) map_set(&e->sources, p, leaf->array.value);
        params[i] = py_array(e, p, leaf->kind == PY_ARRAY ? leaf->array.flavour : FLAVOUR_JAX, leaf_weak(leaf));
        if (leaf->kind == PY_ARRAY) params[i]->array.key = leaf->array.key;
    }
    for (int i = 0; i < a->nargs; i++) inner.args[i] = in->chosen[i] ? tree_unflatten(e, a->args[i], &at) : a->args[i];
    for (int i = 0; i < a->nkeywords; i++)
        inner.values[i] = in->keywords ? tree_unflatten(e, a->values[i], &at) : a->values[i];
    Inside inside = { in->title ? in->title : title, NULL, e->frame, e->inside };
    bool part = inside.outer && inside.outer->frame == e->frame && inside.outer->name; /* grad(f) in vmap(grad(f)) */
    inside.name = part ? inside.outer->name : inside_title(&inside);
    e->inside = &inside;
    t->result = call(e, f, &inner);
    e->inside = inside.outer;
    t->out = (Leaves){ 0 };
    if (t->result->kind != PY_ERROR) tree_flatten(e, t->result, &t->out);
    Value **results = NEW_ARRAY(e->arena, Value *, t->out.n + 1);
    bool right = t->result->kind != PY_ERROR;
    for (int i = 0; i < t->out.n; i++) {
        results[i] = leaf_value(e, t->out.at[i], arena_text(e->arena, "what %s returns", title), span);
        right &= results[i] != NULL;
    }
    tracing_end(e, results, right ? t->out.n : 0);
    t->func = tr->func;
    t->nleaves = nparams;
    t->captured = tracing_captured(e, tr, &t->ncaptured);
    return right;
}

Value **with_captured(Elab *e, const Traced *t, Value **leaves) {
    Value **args = NEW_ARRAY(e->arena, Value *, t->nleaves + t->ncaptured + 1);
    for (int i = 0; i < t->nleaves; i++) args[i] = leaves[i];
    for (int i = 0; i < t->ncaptured; i++) args[t->nleaves + i] = t->captured[i];
    return args;
}

static Py rebuilt_with(Elab *e, const Traced *t, Value **values, bool tangents, const bool *stays) {
    Py *leaves = NEW_ARRAY(e->arena, Py, t->out.n + 1), *at = leaves;
    for (int i = 0; i < t->out.n; i++) {
        Py old = t->out.at[i];
        bool known = stays && stays[i] && py_is_static_number(old);
        if (known || (tangents && !type_has_tangent(values[i]->type))) {
            leaves[i] = known ? old : no_tangent(e, old);
            continue;
        }
        leaves[i] = py_array(e, values[i], old->kind == PY_ARRAY ? old->array.flavour : FLAVOUR_JAX, leaf_weak(old));
        if (old->kind == PY_ARRAY) leaves[i]->array.key = old->array.key;
    }
    return tree_unflatten(e, t->result, &at);
}

/* The result with its leaves replaced by these values, or by their tangents. */
Py rebuilt(Elab *e, const Traced *t, Value **values) { return rebuilt_with(e, t, values, false, NULL); }
Py rebuilt_tangents(Elab *e, const Traced *t, Value **values) { return rebuilt_with(e, t, values, true, NULL); }

/* The same, but numbers that are known stay Python's where `stays` says so. */
Py rebuilt_keeping(Elab *e, const Traced *t, Value **values, const bool *stays) {
    return rebuilt_with(e, t, values, false, stays);
}

/* Of (value, aux): the leaves of aux, whose numbers stay Python's. */
Py rebuilt_aux(Elab *e, const Traced *t, Value **values) {
    Leaves value = { 0 };
    tree_flatten(e, t->result->contents->at[0], &value);
    bool *stays = flags_of(e, t->out.n, t->out.n);
    for (int i = 0; i < value.n; i++) stays[i] = false;
    return rebuilt_keeping(e, t, values, stays);
}

/* All keyword arguments enter as they are; positional numbers become arrays. */
Args arguments_entering(Elab *e, const Args *a, Span span) {
    Args in = *a;
    in.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    in.values = NEW_ARRAY(e->arena, Py, a->nkeywords + 1);
    for (int i = 0; i < a->nargs; i++) in.args[i] = numbers_to_arrays(e, a->args[i], span);
    for (int i = 0; i < a->nkeywords; i++) in.values[i] = numbers_to_arrays(e, a->values[i], span);
    return in;
}

bool *flags_of(Elab *e, int n, int set) {
    bool *f = NEW_ARRAY(e->arena, bool, n + 1);
    for (int i = 0; i < set; i++) f[i] = true;
    return f;
}
