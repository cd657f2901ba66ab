/* jit: numbers become arrays on the way in and on the way out; all is compiled anyway. */
#include "elaborate/transforms.h"

#include <string.h>

typedef struct {
    Py argnums, argnames;
} Jit;

static Py call_jit(Elab *e, Py self, const Args *a) {
    Jit *j = self->closure.data;
    Py f = self->closure.inner;
    Args in = *a;
    in.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    in.values = NEW_ARRAY(e->arena, Py, a->nkeywords + 1);
    for (int i = 0; i < a->nargs; i++) {
        bool fixed = argument_listed(e, f, i, a->nargs, j->argnums, j->argnames);
        in.args[i] = fixed ? a->args[i] : numbers_to_arrays(e, a->args[i], a->span);
    }
    for (int i = 0; i < a->nkeywords; i++) {
        bool fixed = keyword_listed(e, f, a->names[i], j->argnums, j->argnames);
        in.values[i] = fixed ? a->values[i] : numbers_to_arrays(e, a->values[i], a->span);
    }
    Py r = call(e, f, &in);
    return r->kind == PY_ERROR ? r : numbers_to_arrays(e, r, a->span);
}

/* The names must be those of parameters. */
static bool names_exist(Elab *e, Py f, Py names, const char *what, Span span) {
    Py *at = &names;
    int n = names->kind != PY_NONE;
    if ((names->kind == PY_TUPLE || names->kind == PY_LIST) && !iterate(e, names, &at, &n, span)) return false;
    for (int i = 0; i < n; i++) {
        if (at[i]->kind == PY_STR && has_parameter(e, f, name_of(e->cx, at[i]->str.at))) continue;
        fail(e, span, "%s of jit(%s) names %s, which is not a parameter of %s", what, title_of(e, f),
             at[i]->kind == PY_STR ? at[i]->str.at : py_describe(e, at[i]), title_of(e, f));
        return false;
    }
    return true;
}

static Py make_jit(Elab *e, Jit *j, Py f, Span span) {
    if (!names_exist(e, f, j->argnames, "static_argnames", span)) return e->error;
    return py_closure(e, "jit", call_jit, j, f);
}

/* @jax.jit(static_argnums=1) */
static Py call_decorator(Elab *e, Py self, const Args *a) {
    if (a->nargs != 1 || a->nkeywords)
        return fail(e, a->span, "jit with options and without a function is a decorator: it takes one function");
    return make_jit(e, self->closure.data, a->args[0], a->span);
}

Py native_primitives_jit(Elab *e, Call *c) {
    Jit *j = NEW(e->arena, Jit);
    j->argnums = c->arg[1];
    j->argnames = c->arg[2];
    if (c->arg[0]->kind == PY_NONE) return py_closure(e, "jit", call_decorator, j, NULL);
    return make_jit(e, j, c->arg[0], c->span);
}

/* Methods of what jit gives. */

static Py no_stages(Elab *e, Call *c) {
    const char *title = title_of(e, c->arg[0]);
    return fail(
        e, c->span,
        "jit(%s).%s: there are no stages to take apart, all is compiled before the program runs; call %s itself, "
        "or read what jxlc --emit=ir, --emit=llvm or --emit=asm prints",
        title, c->native->name, title);
}
Py native_jit_lower(Elab *e, Call *c) { return no_stages(e, c); }
Py native_jit_trace(Elab *e, Call *c) { return no_stages(e, c); }
Py native_jit_clear_cache(Elab *e, Call *c) {
    (void)c;
    return e->none;
}
