/* attributes: x.name, by what x is. */
#include "elaborate/primitives.h"

#include <string.h>

/* The type whose rows in natives.def are the methods of x. */
static const char *native_type(Elab *e, Py x) {
    if (x->kind == PY_ARRAY) return "array";
    if (x->kind == PY_TUPLE) return "tuple";
    return py_type_name(e, x);
}

/* What a class holds under a name, as an instance or the class itself sees it. */
static Py bound(Elab *e, Py member, Py self, Py cls, Span span) {
    if (member->kind == PY_FUNCTION || member->kind == PY_CLOSURE) return self ? py_method(e, member, self) : member;
    if (member->kind == PY_NATIVE)
        return self && strcmp(member->native->module, "builtins") != 0 ? py_method(e, member, self) : member;
    if (member->kind != PY_PROPERTY) return member;
    const char *what = member->wrapped.what;
    if (strcmp(what, "staticmethod") == 0) return member->wrapped.wrapped;
    if (strcmp(what, "classmethod") == 0) return py_method(e, member->wrapped.wrapped, cls);
    return self ? call_values(e, member->wrapped.wrapped, 1, &self, span) : member;
}

static Py module_attribute(Elab *e, Py x, const char *name) {
    PyModule *m = x->module;
    if (!m->env) {
        Py value = primitive_value(e, name);
        return value ? value : py_native(e, "primitives", name);
    }
    Place *p = map_get(&m->env->places, name_of(e->cx, name));
    if (p && place_get(e, p)->kind != PY_UNBOUND) return place_get(e, p);
    if (strcmp(name, "__name__") == 0) return py_str(e, m->name);
    return submodule(e, m, name);
}

static Py tuple_field(Elab *e, Py x, const char *name) {
    PyClass *c = x->cls->class_;
    for (int i = 0; i < c->nfields; i++)
        if (strcmp(c->fields[i], name) == 0) return x->contents->at[i];
    (void)e;
    return NULL;
}

/* jnp.add.reduce: the library's functions of two arrays are ufuncs where somebody asks. */
static Py ufunc_attribute(Elab *e, Py x, const char *name) {
    static const char *const all[] = { "reduce",   "accumulate", "outer", "at",   "reduceat",
                                       "identity", "nin",        "nout",  "nargs" };
    int i = 0;
    while (i < COUNT(all) && strcmp(all[i], name)) i++;
    if (x->kind != PY_FUNCTION || !x->function.library || i == COUNT(all)) return NULL;
    Py module = import_or_null(e, "jax.numpy._functions");
    Py make = module && module->kind == PY_MODULE ? module_attribute(e, module, "ufunc_of") : NULL;
    if (!make) return NULL;
    Py u = call_values(e, make, 2, (Py[]){ x, py_str(e, x->function.name) }, e->span);
    return u->kind == PY_OBJECT ? attribute_or_null(e, u, name) : NULL;
}

static Py doc_text(Elab *e, Py x) {
    const Constant *doc = doc_of(x);
    return doc ? py_str_n(e, doc->text, doc->length) : e->none;
}

static Py function_attribute(Elab *e, Py x, const char *name) {
    const char *own = x->kind == PY_FUNCTION  ? x->function.name
                      : x->kind == PY_CLOSURE ? x->closure.name
                      : x->kind == PY_NATIVE  ? x->native->name
                                              : NULL;
    if (x->kind == PY_METHOD)
        return strcmp(name, "__self__") == 0 ? x->method.self : function_attribute(e, x->method.function, name);
    if (x->kind == PY_CLOSURE && x->closure.inner && (strcmp(name, "__name__") == 0 || strcmp(name, "__doc__") == 0))
        return function_attribute(e, x->closure.inner, name);
    if (strcmp(name, "__wrapped__") == 0 && x->kind == PY_CLOSURE) return x->closure.inner;
    if (strcmp(name, "__name__") == 0 || strcmp(name, "__qualname__") == 0) return own ? py_str(e, own) : NULL;
    if (strcmp(name, "__doc__") == 0) return doc_text(e, x);
    return ufunc_attribute(e, x, name);
}

static Py array_attribute(Elab *e, Py x, const char *name) {
    Py module = import_module(e, "jxl.array", e->span);
    Py member = module->kind == PY_MODULE ? module_attribute(e, module, name) : NULL;
    if (!member || *name == '_') return NULL;
    return bound(e, member, x, module, e->span);
}

Py attribute_or_null(Elab *e, Py x, const char *name) {
    Py member;
    switch (x->kind) {
    case PY_ERROR: return x;
    case PY_MODULE: return module_attribute(e, x, name);
    case PY_OBJECT:
        member = attribute_get(e, x, name);
        if (member) return member;
        member = class_lookup(e, x->cls, name);
        if (member) return bound(e, member, x, x->cls, e->span);
        if (strcmp(name, "__class__") == 0) return x->cls;
        if (strcmp(name, "__doc__") == 0) return doc_text(e, x->cls);
        if (strcmp(name, "__dict__") == 0) return call_values(e, py_builtin(e, "vars"), 1, &x, e->span);
        break;
    case PY_TUPLE:
        if (!x->cls) break;
        member = tuple_field(e, x, name);
        if (member) return member;
        member = class_lookup(e, x->cls, name);
        if (member) return bound(e, member, x, x->cls, e->span);
        member = py_native(e, "namedtuple", name);
        if (member) return py_method(e, member, x);
        if (strcmp(name, "_fields") == 0) return attribute_or_null(e, x->cls, name);
        break;
    case PY_CLASS:
        member = class_lookup(e, x, name);
        if (member) return bound(e, member, NULL, x, e->span);
        if (strcmp(name, "__name__") == 0) return py_str(e, x->class_->name);
        if (strcmp(name, "__doc__") == 0) return doc_text(e, x);
        if (strcmp(name, "_fields") == 0 && x->class_->named_tuple) {
            Py *names = NEW_ARRAY(e->arena, Py, x->class_->nfields + 1);
            for (int i = 0; i < x->class_->nfields; i++) names[i] = py_str(e, x->class_->fields[i]);
            return py_tuple(e, x->class_->nfields, names);
        }
        return py_native(e, "object", name);
    case PY_TYPE:
        member = py_native(e, x->type.name, name);
        if (member) return member;
        return strcmp(name, "__name__") == 0 ? py_str(e, x->type.name) : NULL;
    case PY_FUNCTION:
    case PY_CLOSURE:
    case PY_METHOD:
    case PY_NATIVE:
        member = function_attribute(e, x, name);
        if (member) return member;
        break;
    case PY_SUPER: {
        Py self = x->method.self;
        bool to_class = self->kind == PY_CLASS;
        member = super_lookup(e, x, name);
        return member ? bound(e, member, to_class ? NULL : self, to_class ? self : self->cls, e->span) : NULL;
    }
    case PY_SLICE:
    case PY_RANGE:
        if (strcmp(name, "start") == 0) return x->slice.start;
        if (strcmp(name, "stop") == 0) return x->slice.stop;
        if (strcmp(name, "step") == 0) return x->slice.step;
        break;
    default: break;
    }
    const char *type = x->kind == PY_CLOSURE ? x->closure.name : native_type(e, x);
    member = py_native(e, type, name);
    if (member) return py_method(e, member, x);
    member = py_native(e, arena_text(e->arena, "%s_property", type), name);
    if (member) return call_values(e, member, 1, &x, e->span);
    return x->kind == PY_ARRAY ? array_attribute(e, x, name) : NULL;
}

static void nearest_name(const char *name, const char *candidate, const char **best, int *distance) {
    int d = edit_distance(name, candidate);
    if (d >= *distance || *candidate == '_') return;
    *best = candidate;
    *distance = d;
}

/* What might have been meant. */
static const char *nearest_attribute(Elab *e, Py x, const char *name) {
    const char *best = NULL;
    int distance = (int)strlen(name) / 3 + 2;
    Env *env = x->kind == PY_MODULE ? x->module->env : NULL;
    if (x->kind == PY_ARRAY) {
        Py module = import_module(e, "jxl.array", e->span);
        env = module->kind == PY_MODULE ? module->module->env : NULL;
    }
    for (int i = 0; env && i < env->places.n; i++) nearest_name(name, env->places.entries[i].key, &best, &distance);
    for (int i = 0; native_at(i); i++) {
        const Native *row = native_at(i);
        bool method = x->kind != PY_MODULE && strcmp(row->module, native_type(e, x)) == 0;
        if (method || (x->kind == PY_MODULE && !env && strcmp(row->module, "primitives") == 0))
            nearest_name(name, row->name, &best, &distance);
    }
    if (x->kind == PY_OBJECT)
        for (int i = 0; i < x->contents->n; i++) nearest_name(name, x->contents->keys[i]->str.at, &best, &distance);
    if (x->cls)
        for (int i = 0; i < x->cls->class_->nfields; i++)
            nearest_name(name, x->cls->class_->fields[i], &best, &distance);
    return best;
}

Py attribute(Elab *e, Py x, const char *name, Span span) {
    Py r = attribute_or_null(e, x, name);
    if (r) return value_read(e, r, name, span);
    const char *near = nearest_attribute(e, x, name);
    const char *what = py_describe(e, x);
    if (x->kind == PY_MODULE) {
        const char *advice = instead_of(arena_text(e->arena, "%s.%s", x->module->name, name));
        if (advice) return fail(e, span, "%s has no %s: %s", x->module->name, name, advice);
        if (near)
            return fail(e, span, "%s has no %s; the nearest name is %s.%s", x->module->name, name, x->module->name,
                        near);
        return fail(e, span, "%s has no %s", x->module->name, name);
    }
    if (near) return fail(e, span, "%s has no attribute %s; did you mean %s?", what, name, near);
    return fail(e, span, "%s has no attribute %s", what, name);
}

void attribute_set(Elab *e, Py x, const char *name, Py value, Span span) {
    if (x->kind == PY_OBJECT) {
        Py member = class_lookup(e, x->cls, name);
        if (member && member->kind == PY_PROPERTY && strcmp(member->wrapped.what, "property") == 0) {
            if (!member->wrapped.setter)
                fail(e, span, "the property %s has no setter", name);
            else
                call_values(e, member->wrapped.setter, 2, (Py[]){ x, value }, span);
            return;
        }
        if (x->cls->class_->frozen && !e->constructing) {
            fail(e, span, "%s is frozen: its fields cannot be changed; write dataclasses.replace(...)",
                 x->cls->class_->name);
            return;
        }
        dict_set(e, x, py_str(e, name), value);
    } else if (x->kind == PY_CLASS) {
        class_set(e, x, name, value);
    } else if (x->kind == PY_MODULE && x->module->env) {
        place_set(e, env_place(e, x->module->env, name_of(e->cx, name)), value, span);
    } else if (x->kind == PY_FUNCTION || x->kind == PY_CLOSURE) {
        fail(e, span, "functions have no attributes of their own; keep the value in a dict or an object");
    } else {
        fail(e, span, "the attributes of %s cannot be changed", py_describe(e, x));
    }
}
