/* names: what a module offers, for --help-names: every public name with the first line of its docstring. */
#include "elaborate/values.h"

#include <string.h>

const Constant *doc_of(Py x) {
    if (x->kind == PY_METHOD) return doc_of(x->method.function);
    if (x->kind == PY_CLOSURE && x->closure.inner) return doc_of(x->closure.inner);
    if (x->kind == PY_CLASS) return x->class_->node ? docstring(x->class_->node->ClassDef.body) : NULL;
    if (x->kind != PY_FUNCTION || x->function.node->kind != NODE_FunctionDef) return NULL;
    return docstring(x->function.node->FunctionDef.body);
}

/* What has no docstring is an operation of that name, or shows what it is. */
static Py meaning(Elab *e, const char *name, Py x) {
    const Constant *doc = doc_of(x);
    Op op;
    if (doc) return py_str_n(e, doc->text, (int)strcspn(doc->text, "\n"));
    if (op_from_name(name, &op)) return py_str(e, op_meaning(op));
    if (x->kind == PY_FUNCTION && op_from_name(x->function.name, &op)) return py_str(e, op_meaning(op));
    return py_str(e, py_is_number(x) || x->kind == PY_NONE ? "a constant" : py_type_name(e, x));
}

/* A list of (name, meaning), in the order of the module; None if there is no such module. */
Py native_primitives_names(Elab *e, Call *c) {
    const char *name;
    Py module = py_static_text(c->arg[0], &name) ? import_or_null(e, name) : NULL;
    const PyModule *m = module && module->kind == PY_MODULE ? module->module : NULL;
    if (!m || !m->env) return e->none;
    Py list = py_list(e, 0, NULL);
    for (int i = 0; i < m->env->places.n; i++) {
        const Place *p = m->env->places.entries[i].value;
        if (*p->name == '_' || p->value->kind == PY_UNBOUND || p->value->kind == PY_MODULE) continue;
        Py row[] = { py_str(e, p->name), meaning(e, p->name, p->value) };
        contents_push(e, contents_change(e, list), NULL, py_tuple(e, 2, row));
    }
    return list;
}
