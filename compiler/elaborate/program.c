/* main: a function main(...) that the module does not call is the program, its parameters the command line's flags. */
#include "elaborate/values.h"

#include <limits.h>
#include <string.h>

/* What stands on the command line for a parameter of main, or for what argparse was told. */
typedef struct {
    const char *name;           /* as the program has it */
    const char *names;          /* on the command line: "--rate,-r" */
    const char *type;           /* "int", "float", "bool", "str" */
    const char *help, *choices; /* or NULL */
    Py preset;                  /* NULL: must be given */
    Span span;
    const char *doc; /* of the program, with its first flag; or NULL */
} Flag;

/* The text of the default; NULL with an error where it is not known when compiling. */
static const char *preset_text(Elab *e, const Flag *f) {
    Py text = text_of(e, f->preset, 's', "", f->span);
    if (text->kind == PY_STR) return text->str.at;
    fail(e, f->span, "the default of a flag must be known when compiling");
    return NULL;
}

static Value *flag_value(Elab *e, const Flag *f, const Type *type, Sizes binds) {
    Attrs a = no_attrs;
    a.name = name_of(e->cx, f->names);
    a.message = name_of(e->cx, f->help);
    if (f->doc) a.doc = name_of(e->cx, f->doc);
    if (f->choices) a.choices = name_of(e->cx, f->choices);
    a.dtype = type->dtype;
    a.shape = dims_of(e->cx->arena, type->rank, type->dim);
    a.binds = binds;
    if (f->preset) {
        const char *text = preset_text(e, f);
        if (!text) return NULL;
        a.format = name_of(e->cx, text);
    }
    return emit(e->b, OP_flag, NULL, 0, &a);
}

/* A flag that names no file; NULL where its type is none of a flag. */
static Py plain_flag(Elab *e, const Flag *f) {
    NumberKind kind;
    if (number_named(f->type, &kind) && kind != NUMBER_COMPLEX) {
        Value *v = flag_value(e, f, type_scalar(e->cx, number_dtype(kind)), (Sizes){ 0 });
        return v ? py_scalar(e, kind, v) : e->error;
    }
    if (strcmp(f->type, "str")) return NULL;
    Value *v = flag_value(e, f, type_scalar(e->cx, DT_u64), (Sizes){ 0 });
    return v ? text_of_flag(e, v) : e->error;
}

/* A parameter of main; `annotation` is NULL where it has the type of its default. */
static Py parameter(Elab *e, Flag *f, Env *env, Node *annotation) {
    const Type *type;
    Map sizes = map_new(e->arena);
    f->names = arena_text(e->arena, "--%s", f->name);
    f->type = !annotation                     ? f->preset ? py_type_name(e, f->preset) : ""
              : annotation->kind == NODE_Name ? annotation->Name.id
                                              : "";
    f->help = f->type;
    if (annotation) {
        Span s = annotation->span;
        f->help = arena_text(e->arena, "%.*s", s.end - s.start, source_of(e->cx, s.file)->text + s.start);
    }
    if (annotation && annotation_array(e, env, annotation, &sizes, &type)) {
        if (!type) return e->error;
        if (type->rank && f->preset) return fail(e, f->span, "%s names a file, and has no default", f->name);
        const SizeVar **vars = NEW_ARRAY(e->cx->arena, const SizeVar *, sizes.n + 1);
        for (int i = 0; i < sizes.n; i++) vars[i] = sizes.entries[i].value;
        Value *v = flag_value(e, f, type, (Sizes){ sizes.n, vars });
        return v ? py_array(e, v, FLAVOUR_JAX, false) : e->error;
    }
    if (f->preset) {
        const char *text = preset_text(e, f);
        if (!text) return e->error;
        f->help = arena_text(e->arena, "%s (default: %s)", f->help, text);
    }
    if (strcmp(f->type, "bool") == 0) f->names = arena_text(e->arena, "--%s,--no-%s", f->name, f->name);
    Py x = plain_flag(e, f);
    if (x) return x;
    if (annotation)
        return fail(e, f->span, "%s cannot be a flag: its type must be int, float, bool, str or an array type",
                    f->name);
    if (f->preset)
        return fail(e, f->span, "%s cannot be a flag: its default is %s", f->name, py_describe(e, f->preset));
    return fail(e, f->span, "%s needs a type, as in `%s: int`, so that the command line can give it", f->name, f->name);
}

/* A docstring as Python's inspect.cleandoc gives it: the indentation that all lines but the first share is not part of it. */
static const char *without_indentation(Elab *e, const Constant *doc) {
    if (!doc) return NULL;
    const char *end = doc->text + doc->length, *s;
    int shared = INT_MAX;
    for (s = memchr(doc->text, '\n', (size_t)doc->length); s && s < end; s = memchr(s, '\n', (size_t)(end - s))) {
        int n = 0;
        for (s++; s < end && *s == ' '; s++) n++;
        if (s < end && *s != '\n' && n < shared) shared = n;
    }
    Text t = text_new(e->arena);
    bool first = true;
    for (s = doc->text; s < end; first = false) {
        const char *line = memchr(s, '\n', (size_t)(end - s)), *stop = line ? line : end;
        for (int n = 0; s < stop && *s == ' ' && (first || n < shared); n++) s++;
        text_put(&t, s, (int)(stop - s));
        if (line) text_put(&t, "\n", 1);
        s = line ? line + 1 : end;
    }
    while (t.n && (t.at[t.n - 1] == '\n' || t.at[t.n - 1] == ' ')) t.at[--t.n] = 0;
    return t.at;
}

/* flag(names, type, default, help, choices, doc): what argparse was told of an argument; None for what is not said */
Py native_primitives_flag(Elab *e, Call *c) {
    const char *text[6] = { 0 };
    if (e->tracing->outer || e->b->block->parent)
        return fail(e, c->span, "the command line is read once, and not in loops, branches and functions for C");
    for (int i = 0; i < 6; i++)
        if (i != 2 && c->arg[i]->kind != PY_NONE && !py_static_text(c->arg[i], &text[i]))
            return fail(e, c->span, "what an argument is must be known when compiling, and this is %s",
                        py_describe(e, c->arg[i]));
    Flag f = { .name = text[0],
               .names = text[0],
               .type = text[1],
               .preset = c->arg[2]->kind == PY_NONE ? NULL : c->arg[2],
               .help = text[3] ? text[3] : "",
               .choices = text[4],
               .span = c->span,
               .doc = text[5] };
    return plain_flag(e, &f);
}

void run_main(Elab *e) {
    Py module = import_or_null(e, "__main__");
    if (!module || module->kind != PY_MODULE || diag_errors(e->cx)) return;
    Env *env = module->module->env;
    Place *place = map_get(&env->places, name_of(e->cx, "main"));
    Py f = place ? place->value : e->none;
    if (f->kind != PY_FUNCTION || f->function.called || f->function.node->kind != NODE_FunctionDef) return;
    Node *def = f->function.node, *ps = def->FunctionDef.args;
    Nodes groups[3] = { ps->arguments.posonlyargs, ps->arguments.args, ps->arguments.kwonlyargs };
    Frame *frame = frame_begin(e, env, NULL, "<module>", false, def->at);
    at_node(e, def);
    Env *types = env_new(e, def->FunctionDef.scope, f->function.env);
    Leaves args = { 0 }, values = { 0 };
    Names names = { 0 };
    bool right = true;
    for (int g = 0, at = 0; g < 3; g++)
        for (int i = 0; i < groups[g].n; i++, at++) {
            Node *p = groups[g].at[i];
            const Constant *doc = args.n + values.n ? NULL : docstring(def->FunctionDef.body);
            Flag flag = { .name = p->arg.arg,
                          .preset = f->function.defaults[at],
                          .span = p->span,
                          .doc = without_indentation(e, doc) };
            Py x = parameter(e, &flag, types, p->arg.annotation);
            right &= x->kind != PY_ERROR;
            if (g == 2) PUSH(e->arena, &names, p->arg.arg);
            PUSH(e->arena, g == 2 ? &values : &args, x);
        }
    Args a = {
        .nargs = args.n, .args = args.at, .nkeywords = names.n, .names = names.at, .values = values.at, .span = def->at
    };
    if (right) run_function(e, f, &a);
    frame->state.value = py_int(e, STATE_RETURN);
    frame->result.value = e->none;
    frame_end(e, def->at);
}
