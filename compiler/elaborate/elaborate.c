/* elaborate: runs the module body once, at compile time, from top to bottom. */
#include "elaborate/values.h"

#include <string.h>

static void make_singletons(Elab *e) {
    e->error = py_new(e, PY_ERROR);
    e->unbound = py_new(e, PY_UNBOUND);
    e->none = py_new(e, PY_NONE);
    e->ellipsis = py_new(e, PY_ELLIPSIS);
    e->not_implemented = py_new(e, PY_NOT_IMPLEMENTED);
    e->false_ = py_new(e, PY_BOOL);
    e->true_ = py_new(e, PY_BOOL);
    e->true_->integer = 1;
    e->empty_tuple = py_tuple(e, 0, NULL);
}

Py py_builtin(Elab *e, const char *name) {
    static const char *const types[] = {
        "bool",
        "int",
        "float",
        "complex",
        "str",
        "bytes",
        "list",
        "tuple",
        "dict",
        "set",
        "frozenset",
        "object",
        "type",
        "slice",
        "range",
        "property",
        "staticmethod",
        "classmethod",
        "Exception",
        "ValueError",
        "TypeError",
        "KeyError",
        "IndexError",
        "RuntimeError",
        "NotImplementedError",
        "AssertionError",
        "ZeroDivisionError",
        "ArithmeticError",
        "OverflowError",
        "StopIteration",
        "AttributeError",
    };
    static const struct {
        const char *name;
        DType t;
    } dtypes[] = {
        { "i8", DT_i8 },   { "i16", DT_i16 }, { "i32", DT_i32 }, { "i64", DT_i64 },   { "u8", DT_u8 },
        { "u16", DT_u16 }, { "u32", DT_u32 }, { "u64", DT_u64 }, { "f16", DT_f16 },   { "bf16", DT_bf16 },
        { "f32", DT_f32 }, { "f64", DT_f64 }, { "c64", DT_c64 }, { "c128", DT_c128 },
    };
    if (strcmp(name, "NotImplemented") == 0) return e->not_implemented;
    if (strcmp(name, "Ellipsis") == 0) return e->ellipsis;
    if (strcmp(name, "__name__") == 0) return py_str(e, e->frame->library ? "library" : "__main__");
    for (int i = 0; i < COUNT(types); i++)
        if (strcmp(name, types[i]) == 0) return py_type(e, name);
    for (int i = 0; i < COUNT(dtypes); i++)
        if (strcmp(name, dtypes[i].name) == 0) return py_dtype(e, dtypes[i].t);
    if (strcmp(name, "export") == 0) return py_native(e, "primitives", name);
    return py_native(e, "builtins", name);
}

Span user_span(Elab *e, Span span) {
    Frame *f = e->frame;
    while (f && source_of(e->cx, span.file)->library) {
        span = f->call;
        f = f->caller;
    }
    return span;
}

/* What the user called, where the mistake was found inside the library. */
static const char *public_name(Elab *e, Span span) {
    const char *name = NULL;
    for (Frame *f = e->frame; f && source_of(e->cx, span.file)->library; f = f->caller) {
        name = f->title;
        span = f->call;
    }
    return name && *name != '_' ? name : NULL;
}

const char *inside_title(const Inside *in) {
    const char *name = in->frame && in->frame->library ? in->frame->title : in->title;
    return *name == '_' || *name == '<' ? NULL : name;
}

/* main and exported functions are called by nobody in the program: the place is their own name. */
static bool calls_itself(const Frame *f) {
    if (!f->function || f->function->kind != PY_FUNCTION) return false;
    Span at = f->function->function.node->at;
    return at.file == f->call.file && at.start == f->call.start;
}

/* Where the user's functions that led to a mistake were called, innermost first; of what the library called, and of what
** a transformation runs, the place in the user's program where that happens. */
static void note_calls(Elab *e, Span mistake) {
    const Inside *in = e->inside;
    int said = 0;
    for (const Frame *f = e->frame; f && f->caller && said < 3; f = f->caller) {
        const char *through = NULL;
        for (; in && in->frame == f->caller; in = in->outer) through = inside_title(in);
        if (f->library || !f->call.file || calls_itself(f)) continue;
        const Frame *user = f;
        while (user->caller && source_of(e->cx, user->call.file)->library) {
            user = user->caller;
            for (; in && in->frame == user->caller; in = in->outer) through = inside_title(in);
        }
        if (source_of(e->cx, user->call.file)->library) continue;
        if (user->call.file == mistake.file && user->call.start == mistake.start && !through) continue;
        if (through)
            note_at(e->cx, user->call, "inside %s", through);
        else
            note_at(e->cx, user->call, "%s is called here", f->title);
        said++;
    }
}

const char *place_text(Elab *e, Span span) {
    Span at = user_span(e, span);
    int line, column;
    line_column(e->cx, at, &line, &column);
    const char *inside = e->inside ? e->inside->name : NULL;
    return arena_text(e->arena, "%s:%d%s%s", source_of(e->cx, at.file)->path, line, inside ? ", inside " : "",
                      inside ? inside : "");
}

Py fail(Elab *e, Span span, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Text t = text_new(e->arena);
    text_addv(&t, format, args);
    va_end(args);
    const char *name = public_name(e, span);
    e->last_error = t.at;
    Span user = user_span(e, span);
    if (source_of(e->cx, span.file)->library && diag_newest_is_at(e->cx, user))
        return e->error; /* it follows from that */
    int have = (int)(name ? strlen(name) : 0);
    bool said = name && strncmp(t.at, name, (size_t)have) == 0;
    diag(e->cx, user, "%s%s%s", name && !said ? name : "", name && !said ? ": " : "", t.at);
    note_calls(e, user);
    return e->error;
}

void note_shape(Elab *e, Span mistake, const Value *v) {
    const Type *type = v->type;
    while (!v->def && map_get(&e->sources, v)) v = map_get(&e->sources, v);
    const Node *declared = v->def ? NULL : map_get(&e->declared, v);
    if (declared) note_at(e->cx, declared->span, "%s is declared as %s", declared->arg.arg, type_text(e->cx, v->type));
    const Origin *o = v->def ? v->def->origin : NULL;
    if (!o || v->def->elsewhere || !o->span.file || source_of(e->cx, o->span.file)->library) return;
    Span user = user_span(e, mistake);
    bool inside = o->span.file == user.file && o->span.start >= user.start && o->span.end <= user.end;
    if (inside) return;
    if (type == v->type)
        note_at(e->cx, o->span, "%s is made here", type_text(e->cx, type));
    else
        note_at(e->cx, o->span, "%s is one lane of %s, made here", type_text(e->cx, type), type_text(e->cx, v->type));
}

static const char *directory_of(Compiler *cx, const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? arena_text(cx->arena, "%.*s", (int)(slash - path), path) : ".";
}

Module *elaborate(Compiler *cx, int file) {
    Elab *e = &(Elab){ .cx = cx, .arena = cx->arena, .partitionable = true };
    e->directory = directory_of(cx, source_of(cx, file)->path);
    e->module = module_new(cx);
    e->modules = map_new(e->arena);
    e->memory = map_new(e->arena);
    e->sources = map_new(e->arena);
    e->declared = map_new(e->arena);
    make_singletons(e);
    e->print_options = place_new(e, "how arrays are printed");
    place_set(e, e->print_options, py_str(e, ""), (Span){ 0 });
    Node *tree = parse_file(cx, file);
    if (!tree || diag_errors(cx)) return e->module;
    refuse_tree(cx, tree);
    Tracing main;
    tracing_begin(e, &main, "main", "the program");
    run_module(e, "__main__", tree);
    run_main(e);
    run_exports(e);
    tracing_end(e, NULL, 0);
    e->module->main = main.func;
    drop_unreached(e);
    refuse_leaked(e, &main);
    return e->module;
}
