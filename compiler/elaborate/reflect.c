/* reflect: what a program asks about types and attributes: isinstance, type, getattr and their kin; property and its kin. */
#include "elaborate/values.h"

#include <string.h>

static Py wrapper(Elab *e, Py f, const char *what) {
    Py p = py_new(e, PY_PROPERTY);
    p->wrapped.wrapped = f;
    p->wrapped.what = what;
    return p;
}
Py native_builtins_property(Elab *e, Call *c) { return wrapper(e, c->arg[0], "property"); }
Py native_builtins_staticmethod(Elab *e, Call *c) { return wrapper(e, c->arg[0], "staticmethod"); }
Py native_builtins_classmethod(Elab *e, Call *c) { return wrapper(e, c->arg[0], "classmethod"); }

static bool is_instance(Elab *e, Py x, Py t) {
    if (t->kind == PY_TUPLE) {
        for (int i = 0; i < t->contents->n; i++)
            if (is_instance(e, x, t->contents->at[i])) return true;
        return false;
    }
    if (t->kind == PY_CLASS) return x->cls && is_subclass(e, x->cls, t);
    const char *name = t->kind == PY_TYPE ? t->type.name : t->kind == PY_NATIVE ? t->native->name : NULL;
    if (!name) return false;
    if (strcmp(name, "object") == 0) return true;
    if (strcmp(name, "tuple") == 0) return x->kind == PY_TUPLE;
    if (strcmp(name, "int") == 0 && py_is_number(x)) return py_number_kind(x) <= NUMBER_INT;
    return strcmp(name, py_type_name(e, x)) == 0;
}

Py native_builtins_isinstance(Elab *e, Call *c) {
    Py t = c->arg[1];
    if (t->kind != PY_TYPE && t->kind != PY_CLASS && t->kind != PY_TUPLE && t->kind != PY_NATIVE && t->kind != PY_DTYPE)
        return fail(e, c->span, "isinstance() takes a type or a tuple of types, and was given %s", py_describe(e, t));
    return py_bool(e, is_instance(e, c->arg[0], t));
}

Py native_builtins_issubclass(Elab *e, Call *c) {
    if (c->arg[1]->kind == PY_TUPLE) {
        for (int i = 0; i < c->arg[1]->contents->n; i++)
            if (is_subclass(e, c->arg[0], c->arg[1]->contents->at[i])) return e->true_;
        return e->false_;
    }
    return py_bool(e, is_subclass(e, c->arg[0], c->arg[1]));
}

Py native_builtins_type(Elab *e, Call *c) {
    Py x = c->arg[0];
    return x->cls ? x->cls : py_type(e, py_type_name(e, x));
}

Py native_primitives_attribute_names(Elab *e, Call *c) {
    const Contents *k = contents_of(e, c->arg[0]);
    return py_tuple(e, k->n, k->keys);
}

Py native_builtins_vars(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (x->kind == PY_MODULE || x->kind == PY_CLASS)
        return fail(e, c->span, "vars() of %s is not supported; keep the values in a dict", py_describe(e, x));
    if (x->kind != PY_OBJECT) return fail(e, c->span, "vars() takes an object, and was given %s", py_describe(e, x));
    Py attributes = attribute(e, import_module(e, "collections", c->span), "_Attributes", c->span);
    return call_values(e, attributes, 1, &x, c->span);
}

Py native_builtins_callable(Elab *e, Call *c) {
    Py x = c->arg[0];
    bool yes = x->kind == PY_FUNCTION || x->kind == PY_METHOD || x->kind == PY_NATIVE || x->kind == PY_CLOSURE ||
               x->kind == PY_CLASS || x->kind == PY_TYPE || x->kind == PY_DTYPE;
    return py_bool(e, yes || (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__call__")));
}

static const char *name_argument(Elab *e, Call *c) {
    const char *name;
    if (py_static_text(c->arg[1], &name)) return name;
    fail(e, c->span, "the name of an attribute must be known when compiling");
    return NULL;
}
Py native_builtins_getattr(Elab *e, Call *c) {
    const char *name = name_argument(e, c);
    if (!name) return e->error;
    Py r =
        c->arg[2]->kind == PY_ELLIPSIS ? attribute(e, c->arg[0], name, c->span) : attribute_or_null(e, c->arg[0], name);
    return r ? r : c->arg[2];
}
Py native_builtins_hasattr(Elab *e, Call *c) {
    const char *name = name_argument(e, c);
    return name ? py_bool(e, attribute_or_null(e, c->arg[0], name) != NULL) : e->error;
}
Py native_builtins_setattr(Elab *e, Call *c) {
    const char *name = name_argument(e, c);
    if (name) attribute_set(e, c->arg[0], name, c->arg[2], c->span);
    return e->none;
}
