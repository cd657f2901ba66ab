/* classes: plain classes, NamedTuple and dataclass.
**
** The body of a class runs in a scope of its own; what it binds are the members. */
#include "elaborate/values.h"

#include <string.h>

static bool is_native(Py x, const char *name) { return x->kind == PY_NATIVE && strcmp(x->native->name, name) == 0; }

static const Contents *members(PyClass *c) { return c->members; }

Py class_lookup(Elab *e, Py cls, const char *name) {
    if (cls->kind != PY_CLASS) return NULL;
    PyClass *c = cls->class_;
    const Contents *m = members(c);
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->keys[i]->str.at, name) == 0) return m->at[i];
    for (int i = 0; i < c->nbases; i++) {
        Py r = class_lookup(e, c->bases[i], name);
        if (r) return r;
    }
    return NULL;
}

void class_set(Elab *e, Py cls, const char *name, Py value) {
    Contents *m = cls->class_->members;
    for (int i = 0; i < m->n; i++)
        if (strcmp(m->keys[i]->str.at, name) == 0) {
            m->at[i] = value;
            return;
        }
    contents_push(e, m, py_str(e, name), value);
}

bool is_subclass(Elab *e, Py cls, Py base) {
    if (cls == base) return true;
    if (cls->kind != PY_CLASS) return py_equal_static(e, cls, base);
    for (int i = 0; i < cls->class_->nbases; i++)
        if (is_subclass(e, cls->class_->bases[i], base)) return true;
    return false;
}

/* Fields of the class whose body runs: `name: annotation [= default]`. */
bool class_annotation(Elab *e, Node *n, Py value) {
    PyClass *c = e->frame->defining;
    Node *target = n->AnnAssign.target, *annotation = n->AnnAssign.annotation;
    if (!c || target->kind != NODE_Name) return false;
    if (annotation->kind == NODE_Subscript && annotation->Subscript.value->kind == NODE_Name &&
        strcmp(annotation->Subscript.value->Name.id, "ClassVar") == 0)
        return true;
    Py factory = NULL;
    bool meta = false;
    if (value && value->kind == PY_CLOSURE && strcmp(value->closure.name, "field") == 0) { /* dataclasses.field(...) */
        Py *arg = value->closure.data;
        factory = arg[1]->kind == PY_NONE ? NULL : arg[1];
        if (arg[2]->kind == PY_DICT) {
            Py fixed = dict_get(e, arg[2], py_str(e, "static"));
            meta = fixed && fixed->kind == PY_BOOL && fixed->integer;
        }
        value = arg[0]->kind == PY_ELLIPSIS ? NULL : arg[0];
    }
    int i = 0;
    while (i < c->nfields && strcmp(c->fields[i], target->Name.id) != 0) i++;
    if (i == c->nfields) {
        size_t old = (size_t)c->nfields, new = old + 1;
        c->fields = arena_grow(e->arena, c->fields, old * sizeof *c->fields, new * sizeof *c->fields);
        c->defaults = arena_grow(e->arena, c->defaults, old * sizeof *c->defaults, new * sizeof *c->defaults);
        c->factories = arena_grow(e->arena, c->factories, old * sizeof *c->factories, new * sizeof *c->factories);
        c->meta = arena_grow(e->arena, c->meta, old, new);
        c->nfields++;
    }
    c->fields[i] = target->Name.id;
    c->defaults[i] = value;
    c->factories[i] = factory;
    c->meta[i] = meta;
    return true;
}

static void inherit_fields(Elab *e, PyClass *c, PyClass *base) {
    if (!base->nfields || c->nfields) return;
    size_t n = (size_t)base->nfields;
    c->nfields = base->nfields;
    c->fields = arena_copy(e->arena, base->fields, n * sizeof *c->fields);
    c->defaults = arena_copy(e->arena, base->defaults, n * sizeof *c->defaults);
    c->factories = arena_copy(e->arena, base->factories, n * sizeof *c->factories);
    c->meta = arena_copy(e->arena, base->meta, n);
}

Py class_new(Elab *e, Node *n) {
    Py cls = py_new(e, PY_CLASS);
    PyClass *c = cls->class_ = NEW(e->arena, PyClass);
    c->name = n->ClassDef.name;
    c->node = n;
    c->members = NEW(e->arena, Contents);
    c->library = e->frame->library;
    for (int i = 0; i < n->ClassDef.keywords.n; i++)
        fail(e, n->ClassDef.keywords.at[i]->span, "keywords of a class (metaclasses) are not supported");
    for (int i = 0; i < n->ClassDef.bases.n; i++) {
        Py base = eval(e, n->ClassDef.bases.at[i]);
        if (base->kind == PY_ERROR) continue;
        if (is_native(base, "NamedTuple")) {
            c->named_tuple = true;
        } else if (base->kind == PY_CLASS && c->nbases < COUNT(c->bases)) {
            c->bases[c->nbases++] = base;
            inherit_fields(e, c, base->class_);
            c->dataclass |= base->class_->dataclass;
            c->frozen |= base->class_->frozen;
            c->named_tuple |= base->class_->named_tuple;
        } else if (base->kind != PY_TYPE ||
                   (strcmp(base->type.name, "object") != 0 && !strstr(base->type.name, "rror") &&
                    !strstr(base->type.name, "Exception"))) {
            if (!is_native(base, "Generic") && !is_native(base, "Protocol"))
                fail(e, n->ClassDef.bases.at[i]->span, "a class cannot be based on %s", py_describe(e, base));
        }
    }
    Frame frame, *outer = e->frame;
    Env *env = env_new(e, n->ClassDef.scope, outer->env);
    c->env = env;
    frame_begin(e, &frame, env, NULL, outer->title, outer->library, n->span);
    frame.origin = outer->origin;
    frame.defining = c;
    run_body(e, n->ClassDef.body);
    frame.result.value = e->none;
    e->frame = outer;
    e->depth--;
    for (int i = 0; i < env->places.n; i++) {
        Place *p = env->places.entries[i].value;
        if (p->value->kind == PY_UNBOUND) continue;
        if (p->value->kind == PY_CLOSURE && strcmp(p->value->closure.name, "field") == 0) continue;
        if (p->value->kind == PY_FUNCTION) p->value->function.owner = cls;
        if (p->value->kind == PY_PROPERTY && p->value->wrapped.wrapped->kind == PY_FUNCTION)
            p->value->wrapped.wrapped->function.owner = cls;
        contents_push(e, c->members, py_str(e, p->name), p->value);
    }
    Py result = cls;
    for (int i = n->ClassDef.decorator_list.n - 1; i >= 0; i--) {
        Node *d = n->ClassDef.decorator_list.at[i];
        result = call_values(e, eval(e, d), 1, &result, d->span);
    }
    return result;
}

/* Arguments to fields, in order, by name, or from defaults; false after an error. */
static bool bind_fields(Elab *e, Py cls, const Args *a, Py *out) {
    PyClass *c = cls->class_;
    if (a->nargs > c->nfields) {
        fail(e, a->span, "%s takes %d argument%s, and was given %d", c->name, c->nfields, c->nfields == 1 ? "" : "s",
             a->nargs);
        return false;
    }
    for (int i = 0; i < c->nfields; i++) {
        out[i] = i < a->nargs ? a->args[i] : NULL;
        for (int k = 0; k < a->nkeywords; k++)
            if (strcmp(a->names[k], c->fields[i]) == 0) {
                if (out[i]) {
                    fail(e, a->span, "%s was given %s twice", c->name, c->fields[i]);
                    return false;
                }
                out[i] = a->values[k];
            }
        if (!out[i] && c->factories[i]) out[i] = call_values(e, c->factories[i], 0, NULL, a->span);
        if (!out[i]) out[i] = c->defaults[i];
        if (!out[i]) {
            fail(e, a->span, "%s needs its argument %s", c->name, c->fields[i]);
            return false;
        }
    }
    for (int k = 0; k < a->nkeywords; k++) {
        int i = 0;
        while (i < c->nfields && strcmp(a->names[k], c->fields[i]) != 0) i++;
        if (i < c->nfields) continue;
        fail(e, a->span, "%s has no field %s", c->name, a->names[k]);
        return false;
    }
    return true;
}

Py class_call(Elab *e, Py cls, const Args *a) {
    PyClass *c = cls->class_;
    Py *fields = NEW_ARRAY(e->arena, Py, c->nfields + 1);
    if (c->named_tuple) {
        if (!bind_fields(e, cls, a, fields)) return e->error;
        Py x = py_new(e, PY_TUPLE);
        x->contents = NEW(e->arena, Contents);
        x->contents->n = x->contents->cap = c->nfields;
        x->contents->at = fields;
        x->cls = cls;
        return x;
    }
    Py x = py_object(e, cls), init = class_lookup(e, cls, "__init__");
    if (init) {
        Args more = *a;
        more.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
        more.args[0] = x;
        if (a->nargs) memcpy(more.args + 1, a->args, sizeof *a->args * (size_t)a->nargs);
        more.nargs++;
        bool constructing = e->constructing;
        Py r = call(e, init, &more);
        e->constructing = constructing;
        return r->kind == PY_ERROR ? r : x;
    }
    if (c->dataclass) {
        if (!bind_fields(e, cls, a, fields)) return e->error;
        for (int i = 0; i < c->nfields; i++) dict_set(e, x, py_str(e, c->fields[i]), fields[i]);
        if (class_lookup(e, cls, "__post_init__")) {
            Py r = call_method(e, x, "__post_init__", 0, NULL, a->span);
            if (r->kind == PY_ERROR) return r;
        }
        return x;
    }
    if (a->nargs || a->nkeywords) return fail(e, a->span, "%s takes no arguments: it has no __init__", c->name);
    return x;
}

Py record_tuple_of(Elab *e, Py cls, Py const *values) {
    Py x = py_list(e, cls->class_->nfields, values);
    x->kind = PY_TUPLE;
    x->cls = cls;
    return x;
}

/* natives */

static Py make_dataclass(Elab *e, Py self, const Args *a) {
    Py *option = self->closure.data;
    Value *v;
    Py cls = a->nargs ? a->args[0] : e->error;
    if (cls->kind != PY_CLASS) return fail(e, a->span, "@dataclass stands above a class");
    cls->class_->dataclass = true;
    cls->class_->frozen |= py_truth(e, option[0], &v) == 1;
    return cls;
}

Py native_primitives_dataclass(Elab *e, Call *c) {
    Py *option = NEW_ARRAY(e->arena, Py, 1);
    option[0] = c->arg[1];
    Py decorate = py_closure(e, "dataclass", make_dataclass, option, NULL);
    return c->arg[0]->kind == PY_NONE ? decorate : call_values(e, decorate, 1, &c->arg[0], c->span);
}

static Py call_field(Elab *e, Py self, const Args *a) {
    (void)self;
    return fail(e, a->span, "field(...) stands in the body of a dataclass only");
}

Py native_primitives_field(Elab *e, Call *c) {
    Py *arg = arena_copy(e->arena, c->arg, 3 * sizeof *arg);
    return py_closure(e, "field", call_field, arg, NULL);
}

Py native_primitives_fields(Elab *e, Call *c) {
    Py cls = c->arg[0]->kind == PY_CLASS ? c->arg[0] : c->arg[0]->cls;
    if (!cls || cls->kind != PY_CLASS) return fail(e, c->span, "%s has no fields", py_describe(e, c->arg[0]));
    Py *names = NEW_ARRAY(e->arena, Py, cls->class_->nfields + 1);
    for (int i = 0; i < cls->class_->nfields; i++) names[i] = py_str(e, cls->class_->fields[i]);
    return py_tuple(e, cls->class_->nfields, names);
}

Py native_primitives_NamedTuple(Elab *e, Call *c) {
    return fail(e, c->span, "write `class %s(NamedTuple):` with a line for each field",
                c->args->nargs && c->arg[0]->kind == PY_TUPLE && c->arg[0]->contents->n &&
                        c->arg[0]->contents->at[0]->kind == PY_STR
                    ? c->arg[0]->contents->at[0]->str.at
                    : "Name");
}

Py native_namedtuple__replace(Elab *e, Call *c) {
    Py x = c->arg[0], r = py_new(e, PY_TUPLE);
    PyClass *k = x->cls->class_;
    r->cls = x->cls;
    r->contents = NEW(e->arena, Contents);
    *r->contents = *x->contents;
    r->contents->at = arena_copy(e->arena, x->contents->at, sizeof(Py) * (size_t)k->nfields);
    const Contents *new = contents_of(e, c->arg[1]);
    for (int i = 0; i < new->n; i++) {
        int f = 0;
        while (f < k->nfields && strcmp(k->fields[f], new->keys[i]->str.at) != 0) f++;
        if (f == k->nfields) return fail(e, c->span, "%s has no field %s", k->name, new->keys[i]->str.at);
        r->contents->at[f] = new->at[i];
    }
    return r;
}

Py native_namedtuple__asdict(Elab *e, Call *c) {
    Py d = py_dict(e), x = c->arg[0];
    for (int i = 0; i < x->cls->class_->nfields; i++)
        dict_set(e, d, py_str(e, x->cls->class_->fields[i]), x->contents->at[i]);
    return d;
}

static Py wrapper(Elab *e, Py f, const char *what) {
    Py p = py_new(e, PY_PROPERTY);
    p->wrapped.wrapped = f;
    p->wrapped.what = what;
    return p;
}
Py native_builtins_property(Elab *e, Call *c) { return wrapper(e, c->arg[0], "property"); }
Py native_builtins_staticmethod(Elab *e, Call *c) { return wrapper(e, c->arg[0], "staticmethod"); }
Py native_builtins_classmethod(Elab *e, Call *c) { return wrapper(e, c->arg[0], "classmethod"); }

/* super(): the method behind the class that the running method was defined in. */
Py native_builtins_super(Elab *e, Call *c) {
    Py f = e->frame->function;
    Node *n = f ? f->function.node : NULL;
    if (!f || !f->function.owner || n->kind != NODE_FunctionDef) return fail(e, c->span, "super() stands in a method");
    Nodes ps = n->FunctionDef.args->arguments.posonlyargs.n ? n->FunctionDef.args->arguments.posonlyargs
                                                            : n->FunctionDef.args->arguments.args;
    if (!ps.n) return fail(e, c->span, "super() stands in a method with a first parameter");
    Py self = place_get(e, env_place(e, e->frame->env, ps.at[0]->arg.arg));
    Py x = py_new(e, PY_SUPER);
    x->method.function = f->function.owner;
    x->method.self = self;
    return x;
}

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
