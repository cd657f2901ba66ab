/* primitives_effect: files, clocks and barriers, for the library. */
#include "elaborate/primitives.h"
#include "jxl/runtime.h"

#include <string.h>

static bool file_kind(Elab *e, Py x, FileKind *kind, Span span) {
    static const char *const names[] = { "npy", "npz", "npz_compressed", "safetensors", "text", "png" };
    const char *name;
    for (int i = 0; py_static_text(x, &name) && i < COUNT(names); i++)
        if (!strcmp(name, names[i])) {
            *kind = (FileKind)i;
            return true;
        }
    fail(e, span, "%s is not a kind of file", py_describe(e, x));
    return false;
}

/* What the header of an existing file says: its dtype and rank are fixed by it, its sizes stay free. */
static bool look(Elab *e, const char *path, FileKind kind, const char *name, DType *dtype, int *rank, Span span) {
    jxl_call c;
    int32_t t, r;
    int64_t shape[32];
    jxl_call_init(&c);
    int status;
    switch (kind) {
    case FILE_NPZ:
    case FILE_NPZ_COMPRESSED: status = jxl_zip_look(&c, path, name, "", &t, &r, shape); break;
    case FILE_TENSORS: status = jxl_tensors_look(&c, path, name, "", &t, &r, shape); break;
    case FILE_TEXT: status = jxl_csv_look(&c, path, name, "", &t, &r, shape); break;
    case FILE_PNG: status = jxl_png_look(&c, path, name, "", &t, &r, shape); break;
    default: status = jxl_load_look(&c, path, "", &t, &r, shape); break;
    }
    if (status) {
        fail(e, span,
             "%s; the file is looked at when compiling: annotate what it will hold, as in `x: f32[n, 64] = "
             "jnp.load(...)`",
             jxl_message(&c));
        jxl_call_free(&c);
        return false;
    }
    jxl_call_free(&c);
    const char *kept = arena_text(e->cx->arena, "%s", path);
    PUSH(e->cx->arena, &e->cx->files_read, kept);
    *dtype = (DType)t;
    *rank = r;
    return true;
}

/* What an existing file of a known name holds, its sizes as new variables; false after a message. */
static bool type_of_file(Elab *e, Py path, FileKind kind, const char *name, Flavour flavour, const Type **like,
                         Sizes *binds, Span span) {
    const char *text;
    DType dtype;
    int rank;
    const Dim *dims[32];
    if (!py_static_text(path, &text)) {
        fail(e, span,
             "the name of this file is known at run time only: annotate what it will hold, as in `x: f32[n, 64] = "
             "jnp.load(...)`");
        return false;
    }
    if (!look(e, text, kind, name, &dtype, &rank, span)) return false;
    if (flavour == FLAVOUR_JAX) dtype = canonical_dtype(e, dtype);
    const SizeVar **vars = NEW_ARRAY(e->arena, const SizeVar *, rank + 1);
    if (rank > MAX_RANK) {
        fail(e, span, "arrays have at most %d axes", MAX_RANK);
        return false;
    }
    for (int i = 0; i < rank; i++) {
        vars[i] = size_var(e->cx, arena_text(e->cx->arena, "n%d", i), span);
        dims[i] = dim_var(e->cx, vars[i]);
    }
    *like = type_of(e->cx, dtype, rank, dims);
    *binds = (Sizes){ rank, vars };
    return true;
}

/* load(file, kind, name): what an annotation says it holds, or what it holds now. */
Py native_primitives_load(Elab *e, Call *c) {
    Attrs a = no_attrs;
    Value **values = NULL;
    FileKind kind;
    const Type *like = NULL;
    const char *name;
    int n = 0;
    if (!file_kind(e, c->arg[1], &kind, c->span)) return e->error;
    if (!py_static_text(c->arg[2], &name))
        return fail(e, c->span, "what is read of a file must be known when compiling");
    Py text = text_of(e, c->arg[0], 's', "", c->span);
    if (text->kind == PY_ERROR) return text;
    a.format = text_template(e, text, 0, &values, &n);
    if (!annotation_wanted(e, c->span, &like, &a.binds) &&
        !type_of_file(e, c->arg[0], kind, name, e->flavour, &like, &a.binds, c->span))
        return e->error;
    a.dtype = like->dtype;
    a.shape = dims_of(e->cx->arena, like->rank, like->dim);
    a.kind = kind;
    a.name = *name ? name_of(e->cx, name) : NULL;
    a.message = name_of(e->cx, arena_text(e->arena, "%s: load", place_text(e, c->span)));
    return py_array(e, emit(e->b, OP_load, values, n, &a), e->flavour, false);
}

static Py load_known(Elab *e, Call *c, FileKind kind, const char *name, const Type *t, Flavour flavour) {
    Value **values = NULL;
    int n = 0;
    Py text = text_of(e, c->arg[0], 's', "", c->span);
    if (text->kind == PY_ERROR) return text;
    Attrs a = { .format = text_template(e, text, 0, &values, &n),
                .dtype = t->dtype,
                .shape = dims_of(e->cx->arena, t->rank, t->dim),
                .kind = kind,
                .name = name_of(e->cx, name),
                .message = name_of(e->cx, arena_text(e->arena, "%s: restore", place_text(e, c->span))) };
    return py_array(e, emit(e->b, OP_load, values, n, &a), flavour, false);
}

/* Whether the file is there, with arrays of these names and no others. */
Py native_primitives_load_tree(Elab *e, Call *c) {
    const char *names;
    if (!py_static_text(c->arg[1], &names)) return fail(e, c->span, "the names of leaves must be known when compiling");
    const char *all = arena_text(e->arena, "%c%s", c->arg[2]->kind == PY_BOOL && c->arg[2]->integer ? '?' : '!', names);
    return load_known(e, c, FILE_TREE, all, type_scalar(e->cx, DT_bool), FLAVOUR_NUMPY);
}

/* Whether there is anything of that name, or a "file", or a "dir". */
Py native_primitives_file_there(Elab *e, Call *c) {
    const char *kind;
    if (!py_static_text(c->arg[1], &kind)) return fail(e, c->span, "the kind of file must be known when compiling");
    Py there = load_known(e, c, FILE_THERE, kind, type_scalar(e->cx, DT_bool), FLAVOUR_NUMPY);
    return there->kind == PY_ERROR ? there : py_scalar(e, NUMBER_BOOL, there->array.value);
}

/* One array of it, of the type that `like` has. */
Py native_primitives_load_leaf(Elab *e, Call *c) {
    const char *name;
    Py like = c->arg[2]->kind == PY_ARRAY ? c->arg[2] : given_array(e, c->arg[2], c->span);
    if (like->kind == PY_ERROR) return like;
    if (!py_static_text(c->arg[1], &name)) return fail(e, c->span, "the name of a leaf must be known when compiling");
    Py x = load_known(e, c, FILE_LEAF, name, array_value(e, like)->type, like->array.flavour);
    if (x->kind == PY_ARRAY) x->array.key = like->array.key;
    return x;
}

/* The names in a file that exists, as a tuple of texts. */
Py native_primitives_file_names(Elab *e, Call *c) {
    FileKind kind;
    const char *path;
    if (!file_kind(e, c->arg[1], &kind, c->span)) return e->error;
    if (!py_static_text(c->arg[0], &path))
        return fail(e, c->span,
                    "what is in a file is asked when compiling, and this file's name is known at run time only");
    jxl_call call;
    jxl_call_init(&call);
    char *names = kind == FILE_TENSORS ? jxl_tensors_names(&call, path, "") : jxl_zip_names(&call, path, "");
    if (!names) {
        fail(e, c->span, "%s; the file is looked at when compiling", jxl_message(&call));
        jxl_call_free(&call);
        return e->error;
    }
    struct {
        Py *at;
        int n, cap;
    } all = { 0 };
    for (const char *at = names; *at;) {
        size_t length = strcspn(at, "\n");
        PUSH(e->arena, &all, py_str(e, arena_text(e->arena, "%.*s", (int)length, at)));
        at += length + (at[length] == '\n');
    }
    jxl_release(&call, names);
    jxl_call_free(&call);
    const char *kept = arena_text(e->cx->arena, "%s", path);
    PUSH(e->cx->arena, &e->cx->files_read, kept);
    return py_tuple(e, all.n, all.at);
}

/* The runtime's number of a dtype. */
Py native_primitives_dtype_number(Elab *e, Call *c) {
    DType t;
    return to_dtype(e, c->arg[0], &t, c->span) ? py_int(e, t) : e->error;
}

/* save(file, arrays, kind, name): names with '\n' between, or options. */
Py native_primitives_save(Elab *e, Call *c) {
    Attrs a = no_attrs;
    FileKind kind;
    Py *items;
    Value **texts = NULL;
    const char *name;
    int n, ntexts = 0;
    if (!file_kind(e, c->arg[2], &kind, c->span) || !iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    if (!py_static_text(c->arg[3], &name))
        return fail(e, c->span, "how a file is written must be known when compiling");
    Py text = text_of(e, c->arg[0], 's', "", c->span);
    if (text->kind == PY_ERROR) return text;
    a.format = text_template(e, text, n, &texts, &ntexts);
    a.kind = kind;
    a.count = n;
    a.name = *name ? name_of(e->cx, name) : NULL;
    Value **all = NEW_ARRAY(e->arena, Value *, n + ntexts + 1);
    for (int i = 0; i < n; i++) {
        Py x = given_array(e, items[i], c->span);
        if (x->kind == PY_ERROR) return x;
        all[i] = array_value(e, x);
    }
    for (int i = 0; i < ntexts; i++) all[n + i] = texts[i];
    emit_inst(e->b, OP_save, all, n + ntexts, &a);
    return e->none;
}

/* One step of a picture: what it is, its options as a text, the arrays it is of. */
Py native_primitives_plot(Elab *e, Call *c) {
    const char *name;
    Py *items;
    int n, ntexts = 0;
    if (!py_static_text(c->arg[0], &name) || !iterate(e, c->arg[2], &items, &n, c->span)) return e->error;
    Value **texts = NULL, **all;
    Attrs a = { .name = name_of(e->cx, name), .count = n };
    Py text = text_of(e, c->arg[1], 's', "", c->span);
    if (text->kind == PY_ERROR) return text;
    a.format = text_template(e, text, n, &texts, &ntexts);
    all = NEW_ARRAY(e->arena, Value *, n + ntexts + 1);
    for (int i = 0; i < n; i++) {
        Py x = given_array(e, items[i], c->span);
        if (x->kind == PY_ERROR) return x;
        all[i] = array_value(e, x);
    }
    for (int i = 0; i < ntexts; i++) all[n + i] = texts[i];
    a.format = name_of(e->cx, a.format);
    emit_inst(e->b, OP_plot, all, n + ntexts, &a);
    return e->none;
}

Py native_primitives_clock(Elab *e, Call *c) {
    int64_t which;
    Attrs a = no_attrs;
    if (!py_static_int(e, c->arg[0], &which)) return e->error;
    a.clock = which;
    return py_scalar(e, NUMBER_FLOAT, emit(e->b, OP_time, NULL, 0, &a));
}

/* Bars of progress (runtime.h): `what` is a number of those there. */

static Value *as_double(Elab *e, Py x, Span span) {
    if (py_is_number(x)) return scalar_value(e, x, NUMBER_FLOAT);
    Py a = given_array(e, x, span);
    if (a->kind == PY_ERROR) return NULL;
    Value *v = array_value(e, a);
    if (!v->type->rank) return ir_convert(e->b, v, DT_f64);
    fail(e, span, "a bar of progress counts by numbers, and this is %s", type_text(e->cx, v->type));
    return NULL;
}

Py native_primitives_progress_new(Elab *e, Call *c) {
    const char *options;
    Value *total = as_double(e, c->arg[0], c->span), *hidden = NULL;
    if (!total) return e->error;
    int known = py_truth(e, c->arg[1], &hidden);
    if (known >= 0) hidden = ir_bool(e->b, known);
    if (!hidden) return e->error;
    if (!py_static_text(c->arg[2], &options))
        return fail(e, c->span,
                    "the options of a bar of progress are known when compiling; write set_description(...)");
    Attrs a = { .format = name_of(e->cx, options) };
    return py_scalar(e, NUMBER_INT, emit(e->b, OP_progress_new, (Value *[]){ total, hidden }, 2, &a));
}

typedef struct {
    Value *bar, *n;
    int64_t what;
} Progress;
static void progress(Elab *e, void *data, Py text) {
    const Progress *p = data;
    Value **values;
    int n;
    Attrs a = { .kind = p->what, .format = name_of(e->cx, text_template(e, text, 2, &values, &n)) };
    Value **args = NEW_ARRAY(e->arena, Value *, n + 2);
    args[0] = p->bar;
    args[1] = p->n;
    for (int i = 0; i < n; i++) args[i + 2] = values[i];
    emit_inst(e->b, OP_progress, args, n + 2, &a);
}

Py native_primitives_progress(Elab *e, Call *c) {
    Progress p = { scalar_value(e, c->arg[1], NUMBER_INT), as_double(e, c->arg[2], c->span), 0 };
    Py text = text_of(e, c->arg[3], 's', "", c->span);
    if (!p.n || text->kind == PY_ERROR || !py_static_int(e, c->arg[0], &p.what)) return e->error;
    text_use(e, text, progress, &p);
    return e->none;
}

Py native_primitives_progress_count(Elab *e, Call *c) {
    Value *bar = scalar_value(e, c->arg[0], NUMBER_INT);
    return py_scalar(e, NUMBER_INT, emit(e->b, OP_progress_count, &bar, 1, &no_attrs));
}

static Py barrier_leaf(Elab *e, void *data, Py *leaf) {
    (void)data;
    if (leaf[0]->kind != PY_ARRAY) return leaf[0];
    Value *v = array_value(e, leaf[0]);
    Inst *in = emit_inst(e->b, OP_barrier, &v, 1, &no_attrs);
    return array_with(e, in->results[0], leaf[0]);
}

Py native_primitives_block_until_ready(Elab *e, Call *c) {
    return tree_map(e, 1, &c->arg[0], barrier_leaf, NULL, c->span);
}

Py native_primitives_check(Elab *e, Call *c) {
    Value *holds = NULL;
    const char *message;
    int known = py_truth(e, c->arg[0], &holds);
    if (known == 1 || known == -2) return e->none;
    if (!py_static_text(c->arg[1], &message)) message = "a check failed";
    if (known == 0) return fail(e, c->span, "%s", message);
    Attrs a = no_attrs;
    a.format = name_of(e->cx, message);
    emit_inst(e->b, OP_assert, &holds, 1, &a);
    return e->none;
}

/* jax.config.update(...) */
Py native_primitives_configure(Elab *e, Call *c) {
    const char *name;
    if (!py_static_text(c->arg[0], &name))
        return fail(e, c->span, "the name of an option must be known when compiling");
    bool on = c->arg[1] == e->true_ || (c->arg[1]->kind == PY_INT && c->arg[1]->integer);
    if (strcmp(name, "jax_enable_x64") == 0)
        e->x64 = on;
    else if (strcmp(name, "jax_threefry_partitionable") == 0)
        e->partitionable = on;
    return e->none;
}

Py native_primitives_option(Elab *e, Call *c) {
    const char *name;
    if (!py_static_text(c->arg[0], &name)) return e->none;
    if (strcmp(name, "jax_enable_x64") == 0) return py_bool(e, e->x64);
    if (strcmp(name, "jax_threefry_partitionable") == 0) return py_bool(e, e->partitionable);
    return e->none;
}
