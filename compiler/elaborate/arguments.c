/* arguments: what a function's parameters are called, and which of its arguments are meant by a number or a name. */
#include "elaborate/transforms.h"

#include <string.h>

/* The function that was written with `def` or `lambda` under transformations and methods; *skipped: its first parameters
** that are given already.  NULL: it has no parameters to be known. */
static Py written(Elab *e, Py f, int *skipped) {
    *skipped = 0;
    for (;;) {
        Py wrapped = f->kind == PY_OBJECT ? attribute_get(e, f, "__wrapped__") : NULL;
        if (wrapped) {
            f = wrapped;
            continue;
        }
        if (f->kind == PY_CLOSURE && f->closure.inner) {
            f = f->closure.inner;
        } else if (f->kind == PY_METHOD) {
            f = f->method.function;
            (*skipped)++;
        } else {
            return f->kind == PY_FUNCTION ? f : NULL;
        }
    }
}

static const Node *signature(Py f) {
    const Node *n = f->function.node;
    return n->kind == NODE_Lambda ? n->Lambda.args : n->FunctionDef.args;
}

/* The name of positional parameter i; NULL: it has none. */
static const char *parameter_name(Elab *e, Py f, int i) {
    int skipped;
    f = written(e, f, &skipped);
    if (!f) return NULL;
    const Node *ps = signature(f);
    i += skipped;
    int first = ps->arguments.posonlyargs.n;
    if (i < first) return ps->arguments.posonlyargs.at[i]->arg.arg;
    return i - first < ps->arguments.args.n ? ps->arguments.args.at[i - first]->arg.arg : NULL;
}

const char *argument_name(Elab *e, Py f, int i) {
    int skipped;
    Py w = written(e, f, &skipped);
    const char *name = w && !w->function.library ? parameter_name(e, f, i) : NULL;
    return name ? name : arena_text(e->arena, "argument %d", i);
}

bool has_parameter(Elab *e, Py f, const char *name) {
    int skipped;
    f = written(e, f, &skipped);
    if (!f) return true; /* who knows */
    const Node *ps = signature(f);
    for (int i = 0; i < ps->arguments.kwonlyargs.n; i++)
        if (ps->arguments.kwonlyargs.at[i]->arg.arg == name) return true;
    for (int i = -skipped; i < ps->arguments.posonlyargs.n + ps->arguments.args.n; i++) {
        const char *own = parameter_name(e, f, i);
        if (own == name) return true;
    }
    return ps->arguments.kwarg != NULL;
}

static bool listed(Elab *e, Py list, Py x) {
    if (list->kind == PY_NONE) return false;
    if (list->kind != PY_TUPLE && list->kind != PY_LIST) return py_equal_static(e, list, x);
    const Contents *c = contents_of(e, list);
    for (int i = 0; i < c->n; i++)
        if (py_equal_static(e, c->at[i], x)) return true;
    return false;
}

/* Whether positional argument i of n is meant by these numbers (negative ones from the end) and names. */
bool argument_listed(Elab *e, Py f, int i, int n, Py numbers, Py names) {
    if (listed(e, numbers, py_int(e, i)) || listed(e, numbers, py_int(e, i - n))) return true;
    const char *name = parameter_name(e, f, i);
    return name && listed(e, names, py_str(e, name));
}

/* Whether the argument of that name is. */
bool keyword_listed(Elab *e, Py f, const char *name, Py numbers, Py names) {
    if (listed(e, names, py_str(e, name))) return true;
    for (int i = 0; parameter_name(e, f, i); i++)
        if (parameter_name(e, f, i) == name) return listed(e, numbers, py_int(e, i));
    return false;
}

/* positional(fun, args, kwargs): all of the arguments in order, defaults filled in. */
Py native_primitives_positional(Elab *e, Call *c) {
    Py f = c->arg[0], args = c->arg[1];
    const Contents *kwargs = contents_of(e, c->arg[2]);
    int skipped, given = args->contents->n, used = 0;
    Py w = written(e, f, &skipped);
    Leaves all = { 0 };
    for (int i = 0; i < given; i++) PUSH(e->arena, &all, args->contents->at[i]);
    for (int i = given; parameter_name(e, f, i); i++) {
        Py x = NULL, fallback = w->function.defaults[i + skipped];
        for (int k = 0; k < kwargs->n; k++)
            if (kwargs->keys[k]->str.at == parameter_name(e, f, i) ||
                strcmp(kwargs->keys[k]->str.at, parameter_name(e, f, i)) == 0)
                x = kwargs->at[k];
        if (x) used++;
        if (!x) x = fallback;
        if (!x) break;
        PUSH(e->arena, &all, x);
    }
    if (used < kwargs->n)
        return fail(e, c->span,
                    "a function with a rule of its own takes its arguments in order, and cannot be given %s by name",
                    kwargs->keys[0]->str.at);
    return py_tuple(e, all.n, all.at);
}
