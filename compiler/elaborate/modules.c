/* modules: `import`, and the library's own modules, which are .jxl files under include/jxl. */
#include "elaborate/values.h"

#include <string.h>

static PyModule *module_make(Elab *e, const char *name, Scope *scope) {
    PyModule *m = NEW(e->arena, PyModule);
    m->name = name_of(e->cx, name);
    m->env = scope ? env_new(e, scope, NULL) : NULL;
    map_set(&e->modules, m->name, m);
    return m;
}

static Py module_value(Elab *e, PyModule *m) {
    Py x = py_new(e, PY_MODULE);
    x->module = m;
    if (m->env) m->env->names = x;
    return x;
}

/* Runs a parsed module's body in a frame of its own. */
Py run_module(Elab *e, const char *name, Node *tree) {
    PyModule *m = module_make(e, name, tree->Module.scope);
    m->file = tree->span.file;
    Py value = module_value(e, m);
    bool library = source_of(e->cx, m->file)->library;
    const Constant *doc = docstring(tree->Module.body);
    env_place(e, m->env, name_of(e->cx, "__doc__"))->value = doc ? py_str_n(e, doc->text, doc->length) : e->none;
    m->running = true;
    Frame *frame = frame_begin(e, m->env, NULL, library ? name : "<module>", library, e->span);
    run_body(e, tree->Module.body);
    frame->result.value = e->none;
    frame->state.value = py_int(e, STATE_RETURN);
    frame_end(e, e->span);
    m->running = false;
    return value;
}

static const char *file_in(Elab *e, const char *dir, const char *path, const char *ending, char **text,
                           size_t *length) {
    for (int k = 0; k < 2; k++) {
        char *full = arena_text(e->arena, "%s/%s%s%s", dir, path, k ? "/__init__" : "", ending);
        *text = read_file(e->arena, full, length);
        if (*text) return full;
    }
    return NULL;
}

/* NAME.py or NAME/__init__.py beside the program, as CPython finds them; the same and .jxl in the -I directories; .jxl in the
** library; and last, for their names mean nothing to CPython and may be those of the library, .jxl beside the program. */
static const char *find_file(Elab *e, const char *name, char **text, size_t *length, bool *library) {
    char *path = arena_text(e->arena, "%s", name);
    for (char *p = path; *p; p++)
        if (*p == '.') *p = '/';
    const char *own = install_include(e->cx), *found = file_in(e, e->directory, path, ".py", text, length);
    *library = false;
    for (int i = 0; !found && i < e->cx->options.ninclude_dirs; i++) {
        const char *dir = e->cx->options.include_dirs[i];
        *library = strcmp(dir, own) == 0;
        found = file_in(e, dir, path, ".jxl", text, length);
        if (!found && !*library) found = file_in(e, dir, path, ".py", text, length);
    }
    if (found) return found;
    *library = true;
    found = file_in(e, own, path, ".jxl", text, length);
    if (found) return found;
    *library = false;
    return file_in(e, e->directory, path, ".jxl", text, length);
}

static Py import_file(Elab *e, const char *name) {
    char *text;
    size_t length;
    bool library;
    const char *path = find_file(e, name, &text, &length, &library);
    if (!path) return NULL;
    int file = add_source(e->cx, path, text, (int)length, library);
    Node *tree = parse_file(e->cx, file);
    if (!tree) return e->error;
    if (!library) refuse_tree(e->cx, tree);
    /* a module is run once, and outside of every branch and function */
    return run_module(e, name, tree);
}

Py import_or_null(Elab *e, const char *name) {
    PyModule *m = map_get(&e->modules, name_of(e->cx, name));
    if (m) return m->env ? m->env->names : module_value(e, m);
    if (strcmp(name, "jxl.primitives") == 0) return module_value(e, module_make(e, name, NULL));
    return import_file(e, name);
}

/* What stands before the last dot is imported first, as in Python. */
Py import_module(Elab *e, const char *name, Span span) {
    const char *dot = strrchr(name, '.');
    if (dot && dot != name) {
        Py outer = import_module(e, name_of_n(e->cx, name, (int)(dot - name)), span);
        if (outer->kind == PY_ERROR) return outer;
    }
    Py x = import_or_null(e, name);
    const char *advice = x ? NULL : instead_of(name);
    if (advice) return fail(e, span, "there is no module %s: %s", name, advice);
    return x ? x : fail(e, span, "there is no module %s", name);
}

Py submodule(Elab *e, PyModule *m, const char *name) {
    return import_or_null(e, arena_text(e->arena, "%s.%s", m->name, name));
}

/* `import a.b` makes both, and binds a. */
static void import_name(Elab *e, Node *alias) {
    const char *name = alias->alias.name;
    Py whole = import_module(e, name, alias->span);
    if (alias->alias.asname) {
        place_set(e, name_place(e, e->frame->env, alias->alias.asname), whole, alias->span);
        return;
    }
    const char *dot = strchr(name, '.');
    const char *first = dot ? name_of_n(e->cx, name, (int)(dot - name)) : name;
    Py top = whole->kind == PY_ERROR ? whole : import_module(e, first, alias->span);
    place_set(e, name_place(e, e->frame->env, first), top, alias->span);
}

static void import_all(Elab *e, Py module) {
    Env *env = module->module->env;
    for (int i = 0; env && i < env->places.n; i++) {
        Place *p = env->places.entries[i].value;
        if (*p->name == '_' || p->value->kind == PY_UNBOUND || p->value->kind == PY_MODULE) continue;
        place_set(e, env_place(e, e->frame->env, p->name), p->value, p->span);
    }
}

void run_import(Elab *e, Node *n) {
    if (n->kind == NODE_Import) {
        for (int i = 0; i < n->Import.names.n; i++) import_name(e, n->Import.names.at[i]);
        return;
    }
    const char *from = n->ImportFrom.module;
    if (from && strcmp(from, "__future__") == 0) return;
    Py module = n->ImportFrom.level ? fail(e, n->span, "relative imports are not supported; name the module in full")
                                    : import_module(e, from, n->span);
    for (int i = 0; i < n->ImportFrom.names.n; i++) {
        Node *alias = n->ImportFrom.names.at[i];
        const char *name = alias->alias.name;
        if (strcmp(name, "*") == 0) {
            if (module->kind == PY_MODULE) import_all(e, module);
            continue;
        }
        Py x = module->kind == PY_ERROR ? module : attribute(e, module, name, alias->span);
        place_set(e, name_place(e, e->frame->env, alias->alias.asname ? alias->alias.asname : name), x, alias->span);
    }
}
