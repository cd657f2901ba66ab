/* function: one function of the loop IR as one function of LLVM, and main() of a program.
**
** Straight-line instructions are translated here, the others in control.c, memory.c and apply.c. */
#include "emit/llvm.h"

LLVMTypeRef function_type(Emit *e, const LFunc *f) {
    LLVMTypeRef *params = NEW_ARRAY(e->cx->arena, LLVMTypeRef, f->body->nparams + 1);
    params[0] = e->ptr;
    for (int i = 0; i < f->body->nparams; i++) params[i + 1] = type_in(e, f->body->params[i]->type);
    return LLVMFunctionType(e->i32, params, (unsigned)f->body->nparams + 1, false);
}

static void attributes(Emit *e, LLVMValueRef f) {
    const Target *t = &e->machine->target;
    function_attribute(e, f, "nounwind", NULL);
    function_attribute(e, f, "target-cpu", e->machine->cpu);
    function_attribute(e, f, "target-features", e->machine->features);
    function_attribute(e, f, "prefer-vector-width", arena_text(e->cx->arena, "%d", 8 * t->vector_bytes));
    if (e->debug) function_attribute(e, f, "frame-pointer", "all");
}

void function_declare(Emit *e, const LFunc *f) {
    bool outside = f->symbol && !f->source; /* with a source, export.c makes the C function */
    /* the dot keeps a name apart from every C function's, memcpy's say */
    const char *name = outside ? f->symbol : arena_text(e->cx->arena, "%s.jxl", f->name);
    LLVMValueRef it = outside ? LLVMGetNamedFunction(e->module, name) : NULL; /* another level has it */
    if (!it) it = LLVMAddFunction(e->module, name, function_type(e, f));
    if (!outside) LLVMSetLinkage(it, LLVMInternalLinkage);
    if (f->is_inner) function_attribute(e, it, "noinline", NULL);
    map_set(&e->functions, f, it);
}

void function_begin(Emit *e, LLVMValueRef f) {
    attributes(e, f);
    e->func = f;
    e->call = LLVMGetParam(f, 0);
    e->entry = LLVMAppendBasicBlockInContext(e->llvm, f, "");
    e->body = LLVMAppendBasicBlockInContext(e->llvm, f, "");
    e->failed = NULL;
    e->failed_status = NULL;
    LLVMSetCurrentDebugLocation2(e->b, NULL);
    LLVMPositionBuilderAtEnd(e->b, e->body);
}

void function_finish(Emit *e) {
    LLVMBuildRet(e->b, int_const(e->i32, 0));
    LLVMSetCurrentDebugLocation2(e->b, NULL);
    LLVMPositionBuilderAtEnd(e->b, e->entry);
    LLVMBuildBr(e->b, e->body);
}

void function_define(Emit *e, const LFunc *f) {
    LLVMValueRef it = map_get(&e->functions, f);
    e->value = NEW_ARRAY(e->cx->arena, LLVMValueRef, f->nvalues);
    outline_begin(e, f);
    function_begin(e, it);
    debug_function(e, it, f->source ? f->source->title : f->name, f->origin);
    debug_place(e, f->origin);
    for (int i = 0; i < f->body->nparams; i++) e->value[f->body->params[i]->id] = LLVMGetParam(it, (unsigned)i + 1);
    block_insts(e, f->body);
    function_finish(e);
}

static LLVMValueRef shuffle(Emit *e, const LInst *in) {
    LLVMValueRef pick[LOOP_MAX_LANES * 8], x = e->value[in->args[0]->id], y = e->value[in->args[1]->id];
    int lanes = in->results[0]->type.lanes;
    LLVMTypeRef t = LLVMTypeOf(x);
    if (LLVMGetTypeKind(t) != LLVMVectorTypeKind) { /* scalars laid beside each other */
        LLVMTypeRef pair = LLVMVectorType(t, 2);
        x = LLVMBuildInsertElement(e->b, LLVMGetUndef(pair), x, int_const(e->i32, 0), "");
        x = LLVMBuildInsertElement(e->b, x, y, int_const(e->i32, 1), "");
        y = LLVMGetUndef(pair);
    }
    for (int i = 0; i < lanes; i++) pick[i] = int_const(e->i32, in->pick[i]);
    LLVMValueRef z = LLVMBuildShuffleVector(e->b, x, y, LLVMConstVector(pick, (unsigned)lanes), "");
    return lanes == 1 ? LLVMBuildExtractElement(e->b, z, int_const(e->i32, 0), "") : z;
}

static LLVMValueRef splat(Emit *e, const LInst *in) {
    LLVMValueRef x = e->value[in->args[0]->id];
    int lanes = in->results[0]->type.lanes;
    if (lanes == 1) return x;
    LLVMTypeRef t = type_in(e, in->results[0]->type);
    LLVMValueRef one = LLVMBuildInsertElement(e->b, LLVMGetUndef(t), x, int_const(e->i32, 0), "");
    return LLVMBuildShuffleVector(e->b, one, LLVMGetUndef(t), int_const(vector_of(e->i32, lanes), 0), "");
}

static LLVMValueRef iota(Emit *e, LType t) {
    LLVMValueRef k[LOOP_MAX_LANES * 8];
    for (int i = 0; i < t.lanes; i++) {
        LType one = { .dtype = t.dtype, .lanes = 1 };
        k[i] = dtype_is_float((DType)t.dtype) ? LLVMConstReal(lane_type(e, t.dtype), i) : bits_const(e, one, i);
    }
    return t.lanes == 1 ? k[0] : LLVMConstVector(k, t.lanes);
}

static LLVMValueRef lanes_below(Emit *e, const LInst *in) {
    LType t = in->results[0]->type;
    LLVMValueRef count = e->value[in->args[0]->id];
    if (t.lanes == 1) return LLVMBuildICmp(e->b, LLVMIntSGT, count, int_const(e->i64, 0), "");
    /* as i32, after limiting the count: one comparison in half the registers */
    LLVMValueRef most = int_const(e->i64, t.lanes), least = int_const(e->i64, 0);
    count = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSLT, count, most, ""), count, most, "");
    count = LLVMBuildSelect(e->b, LLVMBuildICmp(e->b, LLVMIntSGT, count, least, ""), count, least, "");
    count = LLVMBuildTrunc(e->b, count, e->i32, "");
    LLVMTypeRef v = vector_of(e->i32, t.lanes);
    LLVMValueRef all = LLVMBuildInsertElement(e->b, LLVMGetUndef(v), count, int_const(e->i32, 0), "");
    all = LLVMBuildShuffleVector(e->b, all, LLVMGetUndef(v), int_const(v, 0), "");
    return LLVMBuildICmp(e->b, LLVMIntSLT, iota(e, (LType){ .dtype = DT_i32, .lanes = t.lanes }), all, "");
}

static LLVMValueRef over_lanes(Emit *e, const LInst *in, const char *name) {
    LLVMValueRef x = e->value[in->args[0]->id];
    return LLVMGetTypeKind(LLVMTypeOf(x)) == LLVMVectorTypeKind ? intrinsic1(e, name, x) : x;
}

static LLVMValueRef value_inst(Emit *e, const LInst *in) {
    LLVMValueRef x = in->nargs ? e->value[in->args[0]->id] : NULL;
    switch (in->op) {
    case LOOP_const: return bits_const(e, in->results[0]->type, in->n);
    case LOOP_data: return global_bytes(e, in->bytes, in->n, (int)in->m);
    case LOOP_text: return global_text(e, in->bytes);
    case LOOP_iota: return iota(e, in->results[0]->type);
    case LOOP_splat: return splat(e, in);
    case LOOP_lane:
        if (in->args[0]->type.lanes == 1) return x;
        return LLVMBuildExtractElement(e->b, x, int_const(e->i32, in->n), "");
    case LOOP_insert:
        if (in->args[0]->type.lanes == 1) return e->value[in->args[1]->id];
        return LLVMBuildInsertElement(e->b, x, e->value[in->args[1]->id], int_const(e->i32, in->n), "");
    case LOOP_shuffle: return shuffle(e, in);
    case LOOP_lanes_below: return lanes_below(e, in);
    case LOOP_any: return over_lanes(e, in, "llvm.vector.reduce.or");
    case LOOP_all: return over_lanes(e, in, "llvm.vector.reduce.and");
    case LOOP_apply: return apply(e, in);
    case LOOP_overflows: return overflows(e, in);
    case LOOP_scale:
    case LOOP_exponent:
    case LOOP_mantissa:
    case LOOP_significand: return parts(e, in);
    case LOOP_lookup: return lookup(e, in);
    default: return memory_inst(e, in);
    }
}

void inst(Emit *e, const LInst *in) {
    debug_place(e, in->origin);
    if (control_inst(e, in)) return;
    LLVMValueRef y = offset_from_base(e, in);
    if (!y) y = value_inst(e, in);
    if (in->nresults) e->value[in->results[0]->id] = y;
}

/* int main(int argc, char **argv) { return jxl_main(argc, argv, program); }
** Weak, so that a C file with a main of its own can be linked with the object. */
void program_entry(Emit *e, LLVMValueRef program) {
    LLVMTypeRef params[] = { e->i32, e->ptr }, outer = LLVMFunctionType(e->i32, params, 2, false);
    LLVMTypeRef inner_params[] = { e->i32, e->ptr, e->ptr }, inner;
    LLVMValueRef f = LLVMAddFunction(e->module, "main", outer);
    LLVMSetLinkage(f, LLVMWeakAnyLinkage);
    attributes(e, f);
    LLVMPositionBuilderAtEnd(e->b, LLVMAppendBasicBlockInContext(e->llvm, f, ""));
    LLVMSetCurrentDebugLocation2(e->b, NULL);
    LLVMValueRef start = function_named(e, "jxl_main", e->i32, 3, inner_params, &inner);
    LLVMValueRef args[] = { LLVMGetParam(f, 0), LLVMGetParam(f, 1), LLVMConstBitCast(program, e->ptr) };
    LLVMBuildRet(e->b, LLVMBuildCall2(e->b, inner, start, args, 3, ""));
}
