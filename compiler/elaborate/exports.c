/* exports: functions under @export become IR functions that C calls.
**
** Their parameters are declared, so each is elaborated once, for all sizes.  A record (NamedTuple, dataclass, tuple, dict)
** is a struct in C, its leaves parameters or results of the IR function. */
#include "elaborate/values.h"

#include <ctype.h>
#include <string.h>

static Py export_now(Elab *e, Py f, const char *name, Span span) {
    if (f->kind != PY_FUNCTION)
        return fail(e, span, "export stands above a `def`, and was given %s", py_describe(e, f));
    if (f->function.node->kind != NODE_FunctionDef) return fail(e, span, "a lambda cannot be exported; write a `def`");
    struct Exported it = { f, name ? name : f->function.name, span };
    PUSH(e->arena, &e->exported, it);
    return f;
}

static Py export_named(Elab *e, Py self, const Args *a) {
    if (a->nargs != 1) return fail(e, a->span, "export(...) stands above one function");
    return export_now(e, a->args[0], self->closure.data, a->span);
}

Py native_primitives_export(Elab *e, Call *c) {
    const char *name = NULL;
    if (c->arg[1]->kind != PY_NONE) {
        if (!py_static_text(c->arg[1], &name))
            return fail(e, c->span, "the name of an exported function must be known when compiling");
        for (const char *p = name; *p; p++)
            if (!isalnum((unsigned char)*p) && *p != '_') return fail(e, c->span, "%s is not a name in C", name);
    }
    if (c->arg[0]->kind == PY_NONE) return py_closure(e, "export", export_named, (void *)(uintptr_t)name, NULL);
    return export_now(e, c->arg[0], name, c->span);
}

typedef struct {
    Elab *e;
    Func *func;
    Map sizes; /* SizeVar by name: one `n` is one size in the whole signature */
    Names leaves;
} Signature;

static Py declared_value(Signature *s, Env *env, Node *annotation, const char *name, ExportField *field);

static Value *new_parameter(Signature *s, const Type *type, const char *name, ExportField *field) {
    field->leaf = s->func->body->nparams;
    PUSH(s->e->cx->arena, &s->leaves, name);
    return block_param(s->func->body, type);
}

/* The annotation of a field, and the class whose body it stands in. */
static Node *field_annotation(PyClass *c, const char *name, PyClass **owner) {
    for (int i = 0; i < c->norder; i++) {
        *owner = c->order[i]->class_;
        Node *n = (*owner)->node;
        for (int k = 0; n && k < n->ClassDef.body.n; k++) {
            Node *line = n->ClassDef.body.at[k];
            if (line->kind != NODE_AnnAssign || line->AnnAssign.target->kind != NODE_Name) continue;
            if (line->AnnAssign.target->Name.id == name) return line->AnnAssign.annotation;
        }
    }
    return NULL;
}

static Py declared_record(Signature *s, Py cls, Node *annotation, ExportField *field) {
    Elab *e = s->e;
    PyClass *c = cls->class_;
    Py *values = NEW_ARRAY(e->arena, Py, c->nfields + 1);
    field->record = c->name;
    field->nfields = c->nfields;
    field->fields = NEW_ARRAY(e->cx->arena, ExportField, c->nfields);
    for (int i = 0; i < c->nfields; i++) {
        PyClass *owner = c;
        Node *n = field_annotation(c, c->fields[i], &owner);
        if (!n) return fail(e, annotation->span, "the field %s of %s has no type", c->fields[i], c->name);
        Env *env = env_new(e, owner->env->scope, owner->env->outer);
        values[i] = declared_value(s, env, n, c->fields[i], &field->fields[i]);
        if (values[i]->kind == PY_ERROR) return e->error;
    }
    if (c->named_tuple) return record_tuple_of(e, cls, values);
    Py x = py_object(e, cls);
    for (int i = 0; i < c->nfields; i++) dict_set(e, x, py_str(e, c->fields[i]), values[i]);
    return x;
}

/* tuple[f32[n], f32]: a struct with the members _0, _1. */
static Py declared_tuple(Signature *s, Env *env, Node *annotation, ExportField *field) {
    Elab *e = s->e;
    Node *parts = annotation->Subscript.slice;
    int n = parts->kind == NODE_Tuple ? parts->Tuple.elts.n : 1;
    Py *values = NEW_ARRAY(e->arena, Py, n + 1);
    field->record = "";
    field->nfields = n;
    field->fields = NEW_ARRAY(e->cx->arena, ExportField, n);
    for (int i = 0; i < n; i++) {
        Node *part = parts->kind == NODE_Tuple ? parts->Tuple.elts.at[i] : parts;
        values[i] = declared_value(s, env, part, arena_text(e->cx->arena, "%d", i), &field->fields[i]);
        if (values[i]->kind == PY_ERROR) return e->error;
    }
    return py_tuple(e, n, values);
}

static Py quiet_value(Elab *e, Env *env, Node *n) {
    if (n->kind != NODE_Name) return e->none;
    Py x = place_get(e, name_place(e, env, n->Name.id));
    if (x->kind == PY_UNBOUND) x = py_builtin(e, n->Name.id);
    return x ? x : e->none;
}

static Py declared_value(Signature *s, Env *env, Node *annotation, const char *name, ExportField *field) {
    Elab *e = s->e;
    const Type *type;
    *field = (ExportField){ .name = name };
    if (annotation_array(e, env, annotation, &s->sizes, &type))
        return type ? py_array(e, new_parameter(s, type, name, field), FLAVOUR_JAX, false) : e->error;
    Py x = quiet_value(e, env, annotation->kind == NODE_Subscript ? annotation->Subscript.value : annotation);
    NumberKind kind;
    if (x->kind == PY_TYPE && annotation->kind == NODE_Name && number_named(x->type.name, &kind))
        return py_scalar(e, kind, new_parameter(s, type_scalar(e->cx, number_dtype(kind)), name, field));
    if (x->kind == PY_TYPE && strcmp(x->type.name, "tuple") == 0 && annotation->kind == NODE_Subscript)
        return declared_tuple(s, env, annotation, field);
    if (x->kind == PY_CLASS && x->class_->nfields) return declared_record(s, x, annotation, field);
    return fail(e, annotation->span,
                "C cannot pass %s of this type; write an array type such as f32[n, 3], a number, or a record of them",
                name);
}

/* A result as C sees it; its leaves are appended. */
static bool result_field(Elab *e, Py x, const char *name, ExportField *field, Leaves *leaves, Span span) {
    *field = (ExportField){ .name = name };
    if (x->kind == PY_ARRAY || py_is_number(x)) {
        field->leaf = leaves->n;
        PUSH(e->arena, leaves, x);
        return true;
    }
    if (x->kind != PY_TUPLE && x->kind != PY_LIST && x->kind != PY_DICT &&
        !(x->kind == PY_OBJECT && x->cls->class_->nfields)) {
        fail(e, span, "C cannot be given %s; return arrays, numbers, and tuples, dicts or records of them",
             py_describe(e, x));
        return false;
    }
    const Contents *c = contents_of(e, x);
    PyClass *cls = x->cls ? x->cls->class_ : NULL;
    field->record = cls ? cls->name : "";
    field->nfields = cls ? cls->nfields : c->n;
    field->fields = NEW_ARRAY(e->cx->arena, ExportField, field->nfields);
    for (int i = 0; i < field->nfields; i++) {
        const char *own = arena_text(e->cx->arena, "%d", i);
        Py part = x->kind == PY_OBJECT ? attribute_get(e, x, cls->fields[i]) : c->at[i];
        if (cls)
            own = cls->fields[i];
        else if (c->keys && !py_static_text(c->keys[i], &own)) {
            fail(e, span, "the keys of a dict that C is given must be str");
            return false;
        }
        if (!part || !result_field(e, part, own, &field->fields[i], leaves, span)) return false;
    }
    return true;
}

/* One function: parameters by its annotations, its body, results by what it returns. */
static void export_function(Elab *e, const struct Exported *it) {
    Py f = it->function;
    Node *def = f->function.node, *ps = def->FunctionDef.args;
    Nodes groups[3] = { ps->arguments.posonlyargs, ps->arguments.args, ps->arguments.kwonlyargs };
    int n = groups[0].n + groups[1].n + groups[2].n;
    Tracing t;
    tracing_begin(e, &t, it->name, f->function.name);
    Signature s = { .e = e, .func = t.func, .sizes = map_new(e->arena) };
    Export *info = NEW(e->cx->arena, Export);
    info->params = NEW_ARRAY(e->cx->arena, ExportField, n + 1);
    info->nparams = n;
    const Constant *doc = docstring(def->FunctionDef.body);
    if (doc) info->doc = arena_text(e->cx->arena, "%s", doc->text);
    Env *env = env_new(e, def->FunctionDef.scope, f->function.env);
    /* the frame of the signature, whose types are read like any code */
    frame_begin(e, env, f, f->function.name, f->function.library, def->at);
    Leaves args = { 0 }, values = { 0 }, leaves = { 0 };
    Names names = { 0 };
    bool right = !ps->arguments.vararg && !ps->arguments.kwarg;
    if (!right) fail(e, ps->span, "an exported function has no `*` or `**` parameters; name each one");
    for (int g = 0, at = 0; g < 3; g++)
        for (int i = 0; i < groups[g].n; i++, at++) {
            Node *p = groups[g].at[i];
            Py x =
                p->arg.annotation
                    ? declared_value(&s, env, p->arg.annotation, p->arg.arg, &info->params[at])
                    : fail(e, p->span, "%s needs a type: an exported function says what C passes, as in `%s: f32[n]`",
                           p->arg.arg, p->arg.arg);
            right &= x->kind != PY_ERROR;
            if (g == 2) PUSH(e->arena, &names, p->arg.arg);
            PUSH(e->arena, g == 2 ? &values : &args, x);
        }
    Py r = e->error;
    Args a = {
        .nargs = args.n, .args = args.at, .nkeywords = names.n, .names = names.at, .values = values.at, .span = def->at
    };
    if (right) r = run_function(e, f, &a);
    ExportField whole;
    if (r->kind != PY_ERROR && r->kind != PY_NONE && result_field(e, r, "result", &whole, &leaves, def->at)) {
        bool several = whole.record && !*whole.record;
        info->results = several ? whole.fields : arena_copy(e->cx->arena, &whole, sizeof whole);
        info->nresults = several ? whole.nfields : 1;
    }
    Value **results = NEW_ARRAY(e->arena, Value *, leaves.n + 1);
    for (int i = 0; i < leaves.n; i++)
        results[i] = leaves.at[i]->kind == PY_ARRAY ? array_value(e, leaves.at[i])
                                                    : scalar_value(e, leaves.at[i], py_number_kind(leaves.at[i]));
    frame_end(e, def->at);
    tracing_end(e, results, leaves.n);
    int captured;
    tracing_captured(e, &t, &captured);
    if (captured) {
        fail(e, def->at, "%s uses a value that is known only when the program runs; pass it as an argument",
             f->function.name);
        return;
    }
    t.func->exported = true;
    t.func->export_name = name_of(e->cx, it->name);
    t.func->param_names = s.leaves.at;
    t.func->export_info = info;
}

void run_exports(Elab *e) {
    for (int i = 0; i < e->exported.n; i++) export_function(e, &e->exported.at[i]);
}
