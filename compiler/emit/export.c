/* export: a C function around a compiled one.
**
** The compiled function takes the call first and everything else as pointers, one for each leaf.  A C caller has no call,
** passes plain numbers as they are, and records as structs; so the C function makes a call on its stack, takes the leaves
** out of the records, and ends the call.
**
**     int loss(int64_t n, const Params *params, const float *x, float *result, char *error) */
#include "emit/export.h"
#include "emit/llvm.h"
#include "jxl/runtime.h"

static ExportField *plain_fields(Compiler *cx, const Func *f, int n, bool params) {
    ExportField *fields = NEW_ARRAY(cx->arena, ExportField, n);
    for (int i = 0; i < n; i++) {
        const char *name = params && f->param_names ? f->param_names[i] : NULL;
        if (!name)
            name = params ? arena_text(cx->arena, "x%d", i) : n == 1 ? "result" : arena_text(cx->arena, "result%d", i);
        fields[i] = (ExportField){ .name = name, .leaf = i };
    }
    return fields;
}

Export export_of(Compiler *cx, const Func *f) {
    if (f->export_info) return *f->export_info;
    int np = f->body->nparams, nr = f->body->nresults;
    return (Export){ .params = plain_fields(cx, f, np, true),
                     .nparams = np,
                     .results = plain_fields(cx, f, nr, false),
                     .nresults = nr };
}

bool export_by_value(const Type *t) { return t->rank == 0 && !dtype_is_complex(t->dtype); }

const Type *export_leaf_type(const Func *f, const ExportField *x, bool result) {
    return result ? f->body->results[x->leaf]->type : f->body->params[x->leaf]->type;
}

/* The place of a member behind `at` bytes of its struct; `at` moves behind it. */
static int64_t member(const Func *f, const ExportField *x, bool result, int64_t *at);

static int64_t record_size(const Func *f, const ExportField *x, bool result, int64_t *align) {
    int64_t at = 0;
    *align = 1;
    for (int i = 0; i < x->nfields; i++) {
        const ExportField *y = &x->fields[i];
        int64_t own = 8;
        if (y->record)
            record_size(f, y, result, &own);
        else if (export_by_value(export_leaf_type(f, y, result)))
            own = dtype_bytes(export_leaf_type(f, y, result)->dtype);
        if (own > *align) *align = own;
        member(f, y, result, &at);
    }
    return (at + *align - 1) / *align * *align;
}

static int64_t member(const Func *f, const ExportField *x, bool result, int64_t *at) {
    int64_t size = 8, align = 8;
    if (x->record)
        size = record_size(f, x, result, &align);
    else if (export_by_value(export_leaf_type(f, x, result)))
        size = align = dtype_bytes(export_leaf_type(f, x, result)->dtype);
    int64_t here = (*at + align - 1) / align * align;
    *at = here + size;
    return here;
}

static LLVMTypeRef number_type(Emit *e, const Type *t) { return t->dtype == DT_bool ? e->i8 : lane_type(e, t->dtype); }

/* The pointers to the leaves of a record that stands at `ptr`. */
static void leaves(Emit *e, const Func *f, const ExportField *x, bool result, LLVMValueRef ptr, LLVMValueRef *leaf) {
    int64_t at = 0;
    for (int i = 0; i < x->nfields; i++) {
        const ExportField *y = &x->fields[i];
        LLVMValueRef place = byte_offset(e, ptr, int_const(e->i64, member(f, y, result, &at)));
        if (y->record)
            leaves(e, f, y, result, place, leaf);
        else if (export_by_value(export_leaf_type(f, y, result)))
            leaf[y->leaf] = place;
        else
            leaf[y->leaf] = load_from(e, e->ptr, place, 8);
    }
}

static LLVMValueRef leaf_of_number(Emit *e, const Type *t, LLVMValueRef x) {
    LLVMValueRef place = stack_place(e, 8, 8);
    store_to(e, x, place, dtype_bytes(t->dtype));
    return place;
}

/* A size from outside may be anything. */
static void check_size(Emit *e, LLVMValueRef n, const char *name) {
    LLVMTypeRef params[] = { e->ptr, e->ptr, e->i64 }, type;
    LLVMBasicBlockRef bad = LLVMAppendBasicBlockInContext(e->llvm, e->func, ""),
                      on = LLVMAppendBasicBlockInContext(e->llvm, e->func, "");
    LLVMBuildCondBr(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, n, int_const(e->i64, 0), ""), bad, on);
    LLVMPositionBuilderAtEnd(e->b, bad);
    LLVMValueRef f = function_named(e, "jxl_fail_size", e->i32, 3, params, &type);
    LLVMValueRef args[] = { e->call, global_text(e, name), n };
    leave_unless_zero(e, LLVMBuildCall2(e->b, type, f, args, 3, ""));
    LLVMBuildBr(e->b, on);
    LLVMPositionBuilderAtEnd(e->b, on);
}

void own_call_begin(Emit *e) {
    LLVMTypeRef pointer = e->ptr, type;
    e->call = stack_place(e, (int64_t)sizeof(jxl_call), 16);
    LLVMValueRef init = function_named(e, "jxl_call_init", e->none, 1, &pointer, &type);
    LLVMBuildCall2(e->b, type, init, &e->call, 1, "");
}

/* What fails on the way ends the call too. */
void own_call_end(Emit *e, LLVMValueRef error) {
    LLVMTypeRef params[] = { e->ptr, e->ptr }, type;
    LLVMValueRef end = function_named(e, "jxl_call_end", e->i32, 2, params, &type), args[] = { e->call, error };
    LLVMBasicBlockRef last = LLVMAppendBasicBlockInContext(e->llvm, e->func, "");
    LLVMBuildBr(e->b, last);
    if (e->failed) {
        LLVMPositionBuilderBefore(e->b, LLVMGetBasicBlockTerminator(e->failed));
        LLVMValueRef old = LLVMGetBasicBlockTerminator(e->failed);
        LLVMBuildBr(e->b, last);
        LLVMInstructionEraseFromParent(old);
    }
    LLVMPositionBuilderAtEnd(e->b, last);
    LLVMBuildRet(e->b, LLVMBuildCall2(e->b, type, end, args, 2, ""));
    LLVMPositionBuilderAtEnd(e->b, e->entry);
    LLVMBuildBr(e->b, e->body);
}

void export_define(Emit *e, const LFunc *lf, LLVMValueRef inner) {
    const Func *f = lf->source;
    Export info = export_of(e->cx, f);
    int nsizes = f->sizes.n, nin = f->body->nparams, nout = f->body->nresults;
    int n = nsizes + info.nparams + info.nresults + 1;
    LLVMTypeRef *params = NEW_ARRAY(e->cx->arena, LLVMTypeRef, n);
    for (int i = 0; i < n; i++) params[i] = i < nsizes ? e->i64 : e->ptr;
    for (int i = 0; i < info.nparams; i++) {
        const ExportField *x = &info.params[i];
        if (!x->record && export_by_value(export_leaf_type(f, x, false)))
            params[nsizes + i] = number_type(e, export_leaf_type(f, x, false));
    }
    LLVMValueRef it = LLVMAddFunction(e->module, lf->symbol, LLVMFunctionType(e->i32, params, (unsigned)n, false));
    function_begin(e, it);
    debug_function(e, it, lf->symbol, lf->origin);
    debug_place(e, lf->origin);
    own_call_begin(e);

    LLVMValueRef *args = NEW_ARRAY(e->cx->arena, LLVMValueRef, 1 + nsizes + nin + nout), *leaf = args + 1 + nsizes;
    args[0] = e->call;
    for (int i = 0; i < nsizes; i++) check_size(e, args[1 + i] = LLVMGetParam(it, (unsigned)i), f->sizes.at[i]->name);
    for (int i = 0; i < info.nparams + info.nresults; i++) {
        bool result = i >= info.nparams;
        const ExportField *x = result ? &info.results[i - info.nparams] : &info.params[i];
        LLVMValueRef given = LLVMGetParam(it, (unsigned)(nsizes + i)), *into = result ? leaf + nin : leaf;
        if (x->record)
            leaves(e, f, x, result, given, into);
        else if (!result && export_by_value(export_leaf_type(f, x, false)))
            into[x->leaf] = leaf_of_number(e, export_leaf_type(f, x, false), given);
        else
            into[x->leaf] = given;
    }
    leave_unless_zero(e,
                      LLVMBuildCall2(e->b, function_type(e, lf), inner, args, (unsigned)(1 + nsizes + nin + nout), ""));
    own_call_end(e, LLVMGetParam(it, (unsigned)n - 1));
}
