/* primitives_effect: files, clocks and barriers, for the library. */
#include "elaborate/primitives.h"
#include "jxl/runtime.h"

#include <string.h>

/* What the header of an existing file says: its dtype and rank are fixed by it, its sizes stay free. */
static bool look(Elab *e, const char *path, DType *dtype, int *rank, Span span) {
    jxl_call c;
    int32_t t, r;
    int64_t shape[32];
    jxl_call_init(&c);
    if (jxl_load_look(&c, path, path, &t, &r, shape)) {
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

/* x = load(name): `like` NULL, or the type an annotation gives (its sizes may be new ones, which are then bound). */
Py load_file(Elab *e, Py name, const Type *like, Sizes binds, Flavour flavour, Span span) {
    Value **values = NULL;
    int n = 0;
    const char *format = text_template(e, text_of(e, name, 's', "", span), 0, &values, &n);
    Attrs a = no_attrs;
    DType dtype;
    int rank;
    if (!like) {
        const char *path;
        if (!py_static_text(name, &path))
            return fail(e, span,
                        "the name of this file is known at run time only: annotate what it will hold, as in `x: f32[n, "
                        "64] = jnp.load(...)`");
        if (!look(e, path, &dtype, &rank, span)) return e->error;
        if (flavour == FLAVOUR_JAX) dtype = canonical_dtype(e, dtype);
        const Dim *dims[32];
        const SizeVar **vars = NEW_ARRAY(e->arena, const SizeVar *, rank + 1);
        if (rank > MAX_RANK) return fail(e, span, "arrays have at most %d axes", MAX_RANK);
        for (int i = 0; i < rank; i++) {
            vars[i] = size_var(e->cx, arena_text(e->cx->arena, "n%d", i), span);
            dims[i] = dim_var(e->cx, vars[i]);
        }
        like = type_of(e->cx, dtype, rank, dims);
        binds = (Sizes){ rank, vars };
    }
    int line, column;
    line_column(e->cx, user_span(e, span), &line, &column);
    a.format = format;
    a.dtype = like->dtype;
    a.shape = dims_of(e->cx->arena, like->rank, like->dim);
    a.binds = binds;
    a.message =
        name_of(e->cx, arena_text(e->arena, "%s:%d: load", source_of(e->cx, user_span(e, span).file)->path, line));
    return py_array(e, emit(e->b, OP_load, values, n, &a), flavour, false);
}

Py native_primitives_load(Elab *e, Call *c) { return load_file(e, c->arg[0], NULL, (Sizes){ 0 }, e->flavour, c->span); }

Py native_primitives_save(Elab *e, Call *c) {
    Py x = given_array(e, c->arg[1], c->span);
    if (x->kind == PY_ERROR) return x;
    Value **values = NULL;
    int n = 0;
    Attrs a = no_attrs;
    /* the template speaks of the arguments after the array: the holes are numbered from 1 */
    Py text = text_of(e, c->arg[0], 's', "", c->span);
    if (text->kind != PY_STR) {
        a.format = text_template(e, text, 0, &values, &n);
        if (n) return fail(e, c->span, "the name of a file that is saved must be known when compiling");
    } else {
        a.format = text_template(e, text, 0, &values, &n);
    }
    Value *v = array_value(e, x);
    emit_inst(e->b, OP_save, &v, 1, &a);
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
