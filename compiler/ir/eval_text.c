/* eval_text: what print, files and flags are under evaluation: the runtime's own. */
#include "ir/internal.h"

#include <jxl/runtime.h>
#include <stdlib.h>
#include <string.h>

/* The runtime's memory is given back at once; what is kept is copied. */
static bool pass_on(Eval *ev, jxl_call *call, int status) {
    if (status || call->status) eval_fail(ev, "%s", jxl_message(call));
    jxl_call_free(call);
    return !ev->failure;
}

char *eval_format(Eval *ev, const char *format, int nargs, const Tensor *args) {
    jxl_array *arrays = NEW_ARRAY(ev->arena, jxl_array, nargs);
    for (int i = 0; i < nargs; i++) {
        int64_t *shape = NEW_ARRAY(ev->arena, int64_t, args[i].type->rank);
        for (int k = 0; k < args[i].type->rank; k++) dim_is_int(args[i].type->dim[k], &shape[k]);
        arrays[i] = (jxl_array){ args[i].bytes, (int32_t)args[i].type->dtype, args[i].type->rank, shape };
    }
    jxl_call call = { .nranks = 1 };
    char *made = jxl_format(&call, format, nargs, arrays), *text = NULL;
    if (made) text = arena_text(ev->arena, "%s", made);
    if (made) jxl_release(&call, made);
    return pass_on(ev, &call, made == NULL) ? text : NULL;
}

int64_t eval_ask(Eval *ev, int question, const char *text, const char *other) {
    jxl_call call = { .nranks = 1 };
    jxl_array both[2] = { { &text, DT_u64, 0, NULL }, { &other, DT_u64, 0, NULL } };
    int64_t r = jxl_text_ask(&call, question, "{0!ts}", "{1!ts}", 2, both);
    pass_on(ev, &call, 0);
    return r;
}

bool eval_number(Eval *ev, const char *text, DType dtype, void *value) {
    jxl_call call = { .nranks = 1 };
    int status = jxl_number(&call, text, (int32_t)dtype, value);
    return pass_on(ev, &call, status);
}

/* An array of what the attributes say. */
static bool make_array(Eval *ev, const Inst *in, Tensor *result) {
    const Attrs *a = in->attrs;
    Compiler *cx = in->block->func->module->cx;
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < a->shape.n; i++) {
        int64_t n;
        if (!eval_dim(ev, a->shape.at[i], &n)) return false;
        dim[i] = dim_int(cx, n);
    }
    *result = tensor_new(ev->arena, type_of(cx, a->dtype, a->shape.n, dim));
    return true;
}

/* Sizes that are new are those of the file; the others must be. */
bool eval_load(Eval *ev, const Inst *in, const char *path, Tensor *result) {
    jxl_call call = { .nranks = 1 };
    void *file;
    int64_t shape[MAX_RANK];
    const Attrs *a = in->attrs;
    for (int i = 0; i < a->shape.n; i++) /* what a leaf is to have */
        if (a->kind == FILE_LEAF && !eval_dim(ev, a->shape.at[i], &shape[i])) return false;
    const char *what = a->message ? a->message : path;
    int32_t dtype = (int32_t)a->dtype, rank = a->shape.n;
    const char *name = a->name ? a->name : "";
    int status;
    switch ((FileKind)a->kind) {
    case FILE_NPZ:
    case FILE_NPZ_COMPRESSED: status = jxl_zip_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_TENSORS: status = jxl_tensors_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_TEXT: status = jxl_csv_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_PNG: status = jxl_png_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_TREE: status = jxl_tree_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_THERE: status = jxl_there_open(&call, path, name, dtype, rank, what, &file, shape); break;
    case FILE_LEAF: status = jxl_leaf_open(&call, path, name, dtype, rank, what, &file, shape); break;
    default: status = jxl_load_open(&call, path, dtype, rank, what, &file, shape); break;
    }
    if (status) return pass_on(ev, &call, status);
    for (int i = 0; i < a->shape.n; i++)
        for (int k = 0; k < a->binds.n; k++) {
            const Dim *d = a->shape.at[i], *v = dim_var(in->block->func->module->cx, a->binds.at[k]);
            if (d == v) eval_bind(ev, in, k, shape[i]);
        }
    bool ok = make_array(ev, in, result);
    for (int i = 0; ok && i < a->shape.n; i++) {
        int64_t want;
        dim_is_int(result->type->dim[i], &want);
        if (want != shape[i])
            ok = eval_fail(ev, "%s: axis %d has size %lld, not %lld", what, i, (long long)shape[i], (long long)want);
    }
    if (ok) status = jxl_load_read(&call, file, result->bytes);
    return pass_on(ev, &call, status) && ok;
}

/* Its default; there is no command line. */
bool eval_flag(Eval *ev, const Inst *in, Tensor *result) {
    const Attrs *a = in->attrs;
    if (!a->format) return eval_fail(ev, "%s is not given", a->name ? a->name : "");
    if (a->shape.n) return eval_load(ev, in, a->format, result);
    if (!eval_make_results(ev, in, result)) return false;
    if (a->dtype == DT_u64) { /* a text */
        *(const char **)result->bytes = a->format;
        return true;
    }
    bool truth = !strcmp(a->format, "True") || !strcmp(a->format, "true");
    if (dtype_is_inexact(a->dtype))
        element_set_real(a->dtype, result->bytes, strtod(a->format, NULL));
    else
        element_set_int(a->dtype, result->bytes, truth ? 1 : strtoll(a->format, NULL, 10));
    return true;
}
