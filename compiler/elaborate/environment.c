/* environment: what a name means while the program runs.
**
** Every scope that runs has a map from names to variables; functions keep the scopes around them alive, so closures see
** variables, not copies of their values. */
#include "elaborate/values.h"

#include <string.h>

Env *env_new(Elab *e, Scope *scope, Env *outer) {
    Env *env = NEW(e->arena, Env);
    env->scope = scope;
    env->outer = outer;
    env->module = outer ? outer->module : env;
    env->places = map_new(e->arena);
    env->born = ++e->serial;
    return env;
}

Place *env_place(Elab *e, Env *env, const char *name) {
    Place *p = map_get(&env->places, name);
    if (!p) {
        p = place_new(e, name);
        p->born = env->born;
        map_set(&env->places, name, p);
    }
    return p;
}

static bool is_comprehension(NodeKind k) {
    return k == NODE_ListComp || k == NODE_SetComp || k == NODE_DictComp || k == NODE_GeneratorExp;
}

Place *name_place(Elab *e, Env *env, const char *name) {
    Symbol *s = env->scope ? symbol_in(env->scope, name) : NULL;
    /* the first iterable of a comprehension belongs to the scope around it */
    if (!s && env->outer && is_comprehension(env->scope->node->kind)) return name_place(e, env->outer, name);
    if (!s || s->binding == BINDING_GLOBAL) return env_place(e, env->module, name);
    if (s->binding != BINDING_FREE) return env_place(e, env, name);
    for (Env *at = env->outer; at; at = at->outer)
        if (at->scope == s->owner) return env_place(e, at, name);
    return env_place(e, env->module, name);
}

/* The nearest name that has a value, for "did you mean". */
static void nearest(Env *env, const char *name, const char **best, int *distance) {
    for (; env; env = env->outer)
        for (int i = 0; i < env->places.n; i++) {
            Place *p = env->places.entries[i].value;
            int d = edit_distance(name, p->name);
            if (p->value->kind == PY_UNBOUND || d >= *distance) continue;
            *best = p->name;
            *distance = d;
        }
}

/* A NumPy-like array changed through another name: reading this one would silently differ. */
static Py fresh(Elab *e, Py x, const char *name, Span span) {
    Alias *a = x->array.alias;
    if (!a || a->version.value->integer <= x->array.version) return x;
    fail(e, span, "%s shares its elements with %s, which was changed; in NumPy %s would change too; write `.copy()`",
         name, a->changed_name, name);
    if (diag_errors(e->cx)) note_at(e->cx, a->changed, "%s was changed here", a->changed_name);
    return e->error;
}

/* What a loop gives a value that may not run: a trap where it did not. */
static Py value_if(Elab *e, Py x, const char *name, Span span) {
    const char *format =
        arena_text(e->arena, "%s: %s has no value: the loop that gives it one did not run", place_text(e, span), name);
    Value *holds = scalar_value(e, x->apart.holds, NUMBER_BOOL);
    emit_inst(e->b, OP_assert, &holds, 1, &(Attrs){ .format = name_of(e->cx, format) });
    return x->apart.value;
}

Py value_read(Elab *e, Py x, const char *name, Span span) {
    if (x->kind == PY_ARRAY) return fresh(e, x, name, span);
    if (x->kind != PY_APART) return x;
    if (x->apart.holds) return value_if(e, x, name, span);
    Py left = x->apart.left, right = x->apart.right;
    if (left->kind == PY_APART && left->apart.left->kind != PY_UNBOUND) return value_read(e, left, name, span);
    if (right->kind == PY_APART && right->apart.left->kind != PY_UNBOUND) return value_read(e, right, name, span);
    if (left->kind == PY_UNBOUND || right->kind == PY_UNBOUND) {
        fail(e, span, "%s may have no value here: it is given one on one side only", name);
    } else {
        fail(e, span, "%s is %s on one side of the `if` and %s on the other", name, py_describe(e, left),
             py_describe(e, right));
    }
    if (x->apart.at.file)
        note_at(e->cx, x->apart.at, "the sides meet here, and which is taken is known at run time only");
    return e->error;
}

/* Names that Python has and jxl does not. */
static const struct {
    const char *name, *instead;
} refused[] = {
    { "exec", "write what it would run" },
    { "eval", "write the expression" },
    { "compile", "write the program" },
    { "open", "jnp.load and jnp.save read and write arrays" },
    { "input", "write main(...): its parameters are command-line flags" },
    { "globals", "keep the values in a dict" },
    { "locals", "keep the values in a dict" },
    { "dir", "name the attribute" },
    { "delattr", "leave the attribute alone" },
    { "__import__", "write `import`" },
    { "breakpoint", "print what you want to see" },
    { "bytearray", "write a list of ints" },
    { "memoryview", "slice the array" },
};

Py name_get(Elab *e, Env *env, const char *name, Span span) {
    Place *p = name_place(e, env, name);
    Py x = place_get(e, p);
    if (x->kind == PY_ARRAY || x->kind == PY_APART) return value_read(e, x, name, span);
    if (x->kind != PY_UNBOUND) return x;
    Symbol *s = env->scope ? symbol_in(env->scope, name) : NULL;
    bool global = !s || s->binding == BINDING_GLOBAL;
    if (s && s->owner && env->scope && env->scope->node->kind == NODE_ClassDef && s->binding == BINDING_LOCAL)
        global = true;
    if (global) {
        if (p != env_place(e, env->module, name)) x = place_get(e, env_place(e, env->module, name));
        if (x->kind != PY_UNBOUND) return value_read(e, x, name, span);
        Py native = py_builtin(e, name);
        if (native) return native;
        for (int i = 0; i < COUNT(refused); i++)
            if (strcmp(refused[i].name, name) == 0)
                return fail(e, span, "%s is not supported: %s", name, refused[i].instead);
        const char *best = NULL;
        int distance = 3;
        nearest(env, name, &best, &distance);
        if (best) return fail(e, span, "the name %s is not defined; did you mean %s?", name, best);
        return fail(e, span, "the name %s is not defined", name);
    }
    return fail(e, span, "%s is read before it has a value", name);
}
