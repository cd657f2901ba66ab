/* lapack: factorizations that LAPACK makes, on the last two axes, batched over the rest.
**
** The evaluator calls what programs call (runtime/parts/lapack.c), from a library of its own, so that jxlc itself starts without
** LAPACK and is built without it. */
#include "jxl/runtime.h"
#include "ops/rules.h"

#include <dlfcn.h>
#include <string.h>

static const char *not_of_matrices(Compiler *cx, const Inst *in) {
    const Type *x = in->args[0]->type;
    bool fits = x->rank >= 2 && dtype_is_inexact(x->dtype) && dtype_bytes(dtype_real(x->dtype)) >= 4;
    return fits ? NULL : arena_text(cx->arena, "%s of %s", op_name(in->op), type_text(cx, x));
}

static const char *not_of_squares(Compiler *cx, const Inst *in) {
    const Type *x = in->args[0]->type;
    const char *wrong = not_of_matrices(cx, in);
    if (wrong || x->dim[x->rank - 1] == x->dim[x->rank - 2]) return wrong;
    return arena_text(cx->arena, "%s of %s, which is not square", op_name(in->op), type_text(cx, x));
}

/* The batch axes of x, then `n` more. */
static const Type *batch_of(Compiler *cx, const Type *x, DType dtype, int n, const Dim *row, const Dim *column) {
    const Dim *dim[MAX_RANK];
    for (int i = 0; i < x->rank - 2; i++) dim[i] = x->dim[i];
    dim[x->rank - 2] = row;
    dim[x->rank - 1] = column;
    return type_of(cx, dtype, x->rank - 2 + n, dim);
}

static const char *shape_lu(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const char *wrong = not_of_matrices(cx, in);
    if (wrong) return wrong;
    const Dim *m = x->dim[x->rank - 2], *n = x->dim[x->rank - 1];
    results[0] = x;
    results[1] = batch_of(cx, x, DT_i32, 1, dim_min(cx, m, n), NULL);
    results[2] = batch_of(cx, x, DT_i32, 1, m, NULL);
    return NULL;
}

static const char *shape_qr(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const char *wrong = not_of_matrices(cx, in);
    if (wrong) return wrong;
    const Dim *m = x->dim[x->rank - 2], *n = x->dim[x->rank - 1];
    const Dim *k = in->attrs->full ? m : dim_min(cx, m, n);
    results[0] = batch_of(cx, x, x->dtype, 2, m, k);
    results[1] = batch_of(cx, x, x->dtype, 2, k, n);
    return NULL;
}

static const char *shape_svd(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    const char *wrong = not_of_matrices(cx, in);
    if (wrong) return wrong;
    const Dim *m = x->dim[x->rank - 2], *n = x->dim[x->rank - 1], *k = dim_min(cx, m, n);
    results[0] = batch_of(cx, x, dtype_real(x->dtype), 1, k, NULL);
    results[1] = batch_of(cx, x, x->dtype, 2, m, in->attrs->full ? m : k);
    results[2] = batch_of(cx, x, x->dtype, 2, in->attrs->full ? n : k, n);
    return NULL;
}

static const char *shape_eigh(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    results[0] = x->rank < 2 ? x : batch_of(cx, x, dtype_real(x->dtype), 1, x->dim[x->rank - 1], NULL);
    results[1] = x;
    return not_of_squares(cx, in);
}

static const char *shape_eig(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    DType dtype = dtype_real(x->dtype) == DT_f64 ? DT_c128 : DT_c64;
    results[0] = x->rank < 2 ? x : batch_of(cx, x, dtype, 1, x->dim[x->rank - 1], NULL);
    results[1] = results[2] = type_with_dtype(cx, x, dtype);
    return not_of_squares(cx, in);
}

static const char *shape_schur(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = results[1] = in->args[0]->type;
    return not_of_squares(cx, in);
}

typedef int Lapack(jxl_call *, int32_t what, int32_t narrays, const jxl_array *);

static Lapack *lapack_entry(Compiler *cx, const char **why) {
    const char *runtime = install_runtime(cx), *slash = strrchr(runtime, '/');
    void *library = dlopen(arena_text(cx->arena, "%.*s/libjxllapack.so", (int)(slash - runtime), runtime), RTLD_NOW);
    void *symbol = library ? dlsym(library, "jxl_lapack") : NULL;
    Lapack *entry = NULL;
    if (symbol) memcpy(&entry, &symbol, sizeof entry);
    if (!entry) *why = arena_text(cx->arena, "LAPACK cannot be loaded: %s", dlerror());
    return entry;
}

int32_t lapack_number(const Inst *in) {
    switch ((int)in->op) {
    case OP_qr: return in->attrs->full ? JXL_QR_FULL : JXL_QR;
    case OP_svd: return in->attrs->full ? JXL_SVD_FULL : JXL_SVD;
    case OP_eigh: return JXL_EIGH;
    case OP_eig: return JXL_EIG;
    default: return JXL_SCHUR;
    }
}

static bool eval_lapack(Eval *ev, const Inst *in, const Tensor *args, Tensor *y) {
    enum { MOST_ARRAYS = 4 };
    jxl_array arrays[MOST_ARRAYS];
    int64_t shape[MOST_ARRAYS][MAX_RANK];
    const char *why = NULL;
    Lapack *entry = lapack_entry(in->block->func->module->cx, &why);
    if (!entry) return eval_fail(ev, "%s", why);
    for (int i = 0; i <= in->nresults; i++) {
        const Tensor *t = i ? &y[i - 1] : args;
        tensor_sizes(t->type, shape[i]);
        arrays[i] = (jxl_array){ t->bytes, (int32_t)t->type->dtype, t->type->rank, shape[i] };
    }
    jxl_call call;
    jxl_call_init(&call);
    bool ok = !entry(&call, lapack_number(in), 1 + in->nresults, arrays) || eval_fail(ev, "%s", jxl_message(&call));
    jxl_call_free(&call);
    return ok;
}

const Rules rules_lu = { .shape = shape_lu, .eval = eval_lu, .jvp = jvp_lu };
const Rules rules_qr = { .shape = shape_qr, .eval = eval_lapack, .jvp = jvp_qr };
const Rules rules_svd = { .shape = shape_svd, .eval = eval_lapack, .jvp = jvp_svd };
const Rules rules_eigh = { .shape = shape_eigh, .eval = eval_lapack, .jvp = jvp_eigh };
const Rules rules_eig = { .shape = shape_eig, .eval = eval_lapack, .jvp = jvp_eig };
const Rules rules_schur = { .shape = shape_schur, .eval = eval_lapack, .jvp = jvp_schur };
