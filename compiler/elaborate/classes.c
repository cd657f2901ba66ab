/* classes: `class`, what a class holds, and the making of its instances. */
#include "elaborate/values.h"

#include <string.h>

/* Bases that say what kind of class this is, or mean nothing while compiling; false after an error. */
static bool special_base(Elab *e, PyClass *c, Py base, Span span, bool *known) {
    *known = true;
    if (base->kind == PY_NATIVE && strcmp(base->native->name, "NamedTuple") == 0) {
        c->named_tuple = true;
        return true;
    }
    if (base->kind == PY_TYPE) {
        const char *name = base->type.name;
        size_t n = strlen(name);
        if (strcmp(name, "object") == 0) return true;
        if ((n >= 5 && strcmp(name + n - 5, "Error") == 0) || strcmp(name, "Exception") == 0) {
            c->exception = true;
            return true;
        }
    }
    *known = false;
    if (base->kind == PY_CLASS) return true;
    fail(e, span, "a class cannot be built on %s; hold one in an attribute instead", py_describe(e, base));
    return false;
}

static bool in_tail(Py cls, Py const *order, int n) {
    for (int i = 1; i < n; i++)
        if (order[i] == cls) return true;
    return false;
}

/* Python's order of search: a class before its bases, bases as they are written, and so in every class of them. */
static bool set_order(Elab *e, Py cls, Span span) {
    PyClass *c = cls->class_;
    enum { MOST = COUNT(c->bases) + 1 };
    Py *list[MOST];
    int n[MOST], lists = 0, total = 1;
    for (int i = 0; i < c->nbases; i++) {
        PyClass *base = c->bases[i]->class_;
        list[lists] = base->order;
        n[lists++] = base->norder;
        total += base->norder;
    }
    list[lists] = c->bases;
    n[lists++] = c->nbases;
    c->order = NEW_ARRAY(e->arena, Py, total);
    c->order[c->norder++] = cls;
    for (;;) {
        Py next = NULL;
        bool left = false;
        for (int i = 0; i < lists && !next; i++) {
            if (!n[i]) continue;
            left = true;
            next = list[i][0];
            for (int k = 0; k < lists; k++)
                if (in_tail(next, list[k], n[k])) {
                    next = NULL;
                    break;
                }
        }
        if (!left) return true;
        if (!next) {
            fail(e, span, "the bases of %s contradict each other: no order puts every class before its own bases",
                 c->name);
            return false;
        }
        c->order[c->norder++] = next;
        for (int i = 0; i < lists; i++)
            if (n[i] && list[i][0] == next) list[i]++, n[i]--;
    }
}

/* Methods that Python itself would call, and jxl does not. */
static const struct {
    const char *name, *instead;
} refused[] = {
    { "__del__", "memory is managed while compiling; leave it out" },
    { "__class_getitem__", "leave it out" },
    { "__setattr__", "write a property with a setter" },
    { "__delattr__", "attributes are not deleted" },
    { "__getattribute__", "write a property" },
    { "__get__", "write a property" },
    { "__set__", "write a property with a setter" },
    { "__set_name__", "write a property" },
    { "__await__", "write a plain method" },
    { "__aiter__", "write __iter__" },
    { "__aenter__", "write __enter__" },
};

static void check_member(Elab *e, const char *name, Span span) {
    for (int i = 0; i < COUNT(refused); i++)
        if (strcmp(refused[i].name, name) == 0) fail(e, span, "%s is not supported: %s", name, refused[i].instead);
}

/* Methods that are given the class without being told so. */
static Py as_member(Elab *e, const char *name, Py x, Span span) {
    if (x->kind != PY_FUNCTION) return x;
    const char *wrapper = strcmp(name, "__new__") == 0             ? "staticmethod"
                          : strcmp(name, "__init_subclass__") == 0 ? "classmethod"
                                                                   : NULL;
    return wrapper ? call_values(e, py_builtin(e, wrapper), 1, &x, span) : x;
}

/* Runs the body in a scope of its own; its variables are the class's members. */
static void run_class_body(Elab *e, Py cls, Node *n) {
    PyClass *c = cls->class_;
    c->env->names = cls;
    frame_begin(e, c->env, NULL, c->name, c->library, n->at);
    run_body(e, n->ClassDef.body);
    frame_end(e, n->at);
    for (int i = 0; i < c->env->places.n; i++) {
        Place *p = c->env->places.entries[i].value;
        if (p->value->kind == PY_UNBOUND) continue;
        check_member(e, p->name, p->span);
        dict_set(e, c->members, py_str(e, p->name), as_member(e, p->name, p->value, p->span));
    }
}

/* The classes it inherits from hear of it, and of `class C(B, key=value)`. */
static void tell_bases(Elab *e, Py cls, Node *n) {
    Args a = { .span = n->at };
    Names names = { 0 };
    Leaves values = { 0 };
    for (int i = 0; i < n->ClassDef.keywords.n; i++) {
        Node *k = n->ClassDef.keywords.at[i];
        PUSH(e->arena, &names, k->keyword.arg);
        PUSH(e->arena, &values, eval(e, k->keyword.value));
    }
    a.nkeywords = names.n;
    a.names = names.at;
    a.values = values.at;
    Py super = py_new(e, PY_SUPER);
    super->method.function = super->method.self = cls;
    Py hook = attribute_or_null(e, super, "__init_subclass__");
    if (hook) call(e, hook, &a);
}

static Py class_make(Elab *e, Node *n, const Leaves *bases) {
    Py cls = py_new(e, PY_CLASS);
    PyClass *c = cls->class_ = NEW(e->arena, PyClass);
    c->name = n->ClassDef.name;
    c->node = n;
    c->library = source_of(e->cx, n->span.file)->library;
    c->members = py_dict(e);
    c->env = env_new(e, n->ClassDef.scope, e->frame->env);
    for (int i = 0; i < bases->n; i++) {
        Span span = n->ClassDef.bases.n == bases->n ? n->ClassDef.bases.at[i]->span : n->at;
        Py base = bases->at[i];
        bool known;
        if (base->kind == PY_ERROR || !special_base(e, c, base, span, &known)) return e->error;
        if (known) continue;
        if (c->nbases == COUNT(c->bases))
            return fail(e, span, "a class with more than %d bases is not supported", c->nbases);
        c->bases[c->nbases++] = base;
        c->exception |= base->class_->exception;
    }
    if (!set_order(e, cls, n->at)) return e->error;
    record_inherit(e, cls);
    run_class_body(e, cls, n);
    if (c->named_tuple)
        record_named_tuple(e, cls, n->at);
    else
        tell_bases(e, cls, n);
    return cls;
}

Py class_new(Elab *e, Node *n) {
    Nodes decorators = n->ClassDef.decorator_list;
    Py *with = NEW_ARRAY(e->arena, Py, decorators.n + 1);
    for (int i = 0; i < decorators.n; i++) with[i] = eval(e, decorators.at[i]);
    if (refuse_node(e->cx, n)) return e->error;
    Leaves bases = { 0 };
    if (!eval_items(e, n->ClassDef.bases, &bases)) return e->error;
    Py cls = class_make(e, n, &bases);
    for (int i = decorators.n - 1; i >= 0; i--) {
        at_node(e, decorators.at[i]);
        cls = call_values(e, with[i], 1, &cls, decorators.at[i]->span);
    }
    return cls;
}

void class_set(Elab *e, Py cls, const char *name, Py value) {
    dict_set(e, cls->class_->members, py_str(e, name), value);
}

bool class_annotation(Elab *e, Node *n, Py value) {
    (void)value;
    Env *env = e->frame->env;
    if (!env->names || env->names->kind != PY_CLASS || n->AnnAssign.target->kind != NODE_Name) return false;
    record_annotation(e, env->names->class_, n->AnnAssign.target->Name.id, n->AnnAssign.annotation);
    return true;
}

Py class_lookup(Elab *e, Py cls, const char *name) {
    PyClass *c = cls->class_;
    for (int i = 0; i < c->norder; i++) {
        Py x = attribute_get(e, c->order[i]->class_->members, name);
        if (x) return x;
    }
    return NULL;
}

bool is_subclass(Elab *e, Py cls, Py of) {
    (void)e;
    if (of->kind == PY_TYPE) {
        if (strcmp(of->type.name, "object") == 0) return true;
        if (cls->kind == PY_TYPE) return cls->type.name == of->type.name;
        if (cls->class_->named_tuple) return strcmp(of->type.name, "tuple") == 0;
        return cls->class_->exception && strcmp(of->type.name, "Exception") == 0;
    }
    if (cls->kind != PY_CLASS || of->kind != PY_CLASS) return cls == of;
    for (int i = 0; i < cls->class_->norder; i++)
        if (cls->class_->order[i] == of) return true;
    return false;
}

/* f(first, ...) */
static Py call_with(Elab *e, Py f, Py first, const Args *a) {
    Args more = *a;
    more.args = NEW_ARRAY(e->arena, Py, a->nargs + 1);
    more.args[0] = first;
    if (a->nargs) memcpy(more.args + 1, a->args, sizeof *a->args * (size_t)a->nargs);
    more.nargs++;
    more.spans = NULL;
    return call(e, f, &more);
}

Py class_call(Elab *e, Py cls, const Args *a) {
    PyClass *c = cls->class_;
    if (c->named_tuple) return record_tuple(e, cls, a);
    Py init = class_lookup(e, cls, "__init__"), make = class_lookup(e, cls, "__new__");
    Py object = make ? call_with(e, make->wrapped.wrapped, cls, a) : py_object(e, cls);
    if (object->kind != PY_OBJECT || !is_subclass(e, object->cls, cls)) return object;
    if (init) {
        Py r = call_with(e, init, object, a);
        if (r->kind == PY_ERROR) return r;
        if (r->kind != PY_NONE)
            return fail(e, a->span, "%s.__init__ returns %s; it must return nothing", c->name, py_describe(e, r));
        return object;
    }
    if (c->exception) {
        dict_set(e, object, py_str(e, "args"), py_tuple(e, a->nargs, a->args));
        return object;
    }
    if (!make && (a->nargs || a->nkeywords)) {
        fail(e, a->span, "%s() takes no arguments: it has no __init__", c->name);
        if (!c->library) note_at(e->cx, c->node->at, "%s is defined here", c->name);
        return e->error;
    }
    return object;
}

/* super() inside a method: the class that holds the method, and the method's first argument. */
Py native_builtins_super(Elab *e, Call *c) {
    Py cls = c->arg[0], self = c->arg[1];
    if (cls->kind == PY_NONE) {
        Env *env = e->frame->env;
        while (env && !(env->outer && env->outer->names && env->outer->names->kind == PY_CLASS)) env = env->outer;
        Node *def = env && env->scope ? env->scope->node : NULL;
        if (!def || def->kind != NODE_FunctionDef)
            return fail(e, c->span, "super() stands in the method of a class only");
        Node *ps = def->FunctionDef.args;
        Nodes first = ps->arguments.posonlyargs.n ? ps->arguments.posonlyargs : ps->arguments.args;
        if (!first.n) return fail(e, c->span, "super() needs a method with an argument for the object");
        cls = env->outer->names;
        self = place_get(e, env_place(e, env, first.at[0]->arg.arg));
    }
    if (cls->kind != PY_CLASS) return fail(e, c->span, "super() takes a class, and was given %s", py_describe(e, cls));
    Py x = py_new(e, PY_SUPER);
    x->method.function = cls;
    x->method.self = self;
    return x;
}

Py super_lookup(Elab *e, Py super, const char *name) {
    Py self = super->method.self;
    Py cls = self->kind == PY_CLASS ? self : self->cls;
    if (!cls) return NULL;
    bool behind = false;
    for (int i = 0; i < cls->class_->norder; i++) {
        Py at = cls->class_->order[i];
        Py x = behind ? attribute_get(e, at->class_->members, name) : NULL;
        if (x) return x;
        behind |= at == super->method.function;
    }
    return py_native(e, "object", name);
}

/* What every object has. */
Py native_object___init__(Elab *e, Call *c) {
    Py self = c->arg[0];
    if (self->kind == PY_OBJECT && self->cls->class_->exception)
        dict_set(e, self, py_str(e, "args"), c->arg[1]);
    else if (c->arg[1]->contents->n)
        return fail(e, c->span, "object.__init__() takes no further arguments");
    return e->none;
}

/* object.__new__(cls): an object that __init__ has not seen. */
Py native_object___new__(Elab *e, Call *c) {
    if (c->arg[0]->kind == PY_CLASS && !c->arg[0]->class_->named_tuple) return py_object(e, c->arg[0]);
    return fail(e, c->span, "object.__new__() takes a class of the program, and was given %s",
                py_describe(e, c->arg[0]));
}

Py native_object___init_subclass__(Elab *e, Call *c) {
    if (c->arg[0]->contents->n)
        return fail(e, c->span, "%s is no keyword that the classes inherited from take",
                    contents_of(e, c->arg[0])->keys[0]->str.at);
    return e->none;
}

/* object.__setattr__(self, name, value): how a frozen dataclass sets its own fields in __post_init__. */
Py native_object___setattr__(Elab *e, Call *c) {
    const char *name;
    if (c->arg[0]->kind != PY_OBJECT)
        return fail(e, c->span, "the attributes of %s cannot be changed", py_describe(e, c->arg[0]));
    if (!py_static_text(c->arg[1], &name))
        return fail(e, c->span, "the name of an attribute must be known when compiling");
    dict_set(e, c->arg[0], c->arg[1], c->arg[2]);
    return e->none;
}
