/* llvm: types, constants, memory and intrinsics, the same for every LLVM from 14 to 22. */
#include "emit/llvm.h"

#include <string.h>

LLVMTypeRef vector_of(LLVMTypeRef lane, int lanes) { return lanes == 1 ? lane : LLVMVectorType(lane, (unsigned)lanes); }

LLVMTypeRef lane_type(Emit *e, int dtype) {
    switch (dtype) {
    case DT_bool: return e->i1;
    case DT_i8:
    case DT_u8: return e->i8;
    case DT_i16:
    case DT_u16:
    case DT_f16:
    case DT_bf16: return e->i16;
    case DT_i32:
    case DT_u32: return e->i32;
    case DT_i64:
    case DT_u64: return e->i64;
    case DT_f32: return e->f32;
    case DT_f64: return e->f64;
    case LOOP_PTR: return e->ptr;
    }
    bug(e->cx, "the loop IR has no values of dtype %s", dtype_name((DType)dtype));
}

LLVMTypeRef type_in(Emit *e, LType t) { return vector_of(lane_type(e, t.dtype), t.lanes); }

LLVMTypeRef memory_type(Emit *e, LType t) {
    return vector_of(t.dtype == DT_bool ? e->i8 : lane_type(e, t.dtype), t.lanes);
}

int lanes_of(LLVMValueRef x) {
    LLVMTypeRef t = LLVMTypeOf(x);
    return LLVMGetTypeKind(t) == LLVMVectorTypeKind ? (int)LLVMGetVectorSize(t) : 1;
}

LLVMTypeRef lanes_like(LLVMTypeRef lane, LLVMValueRef like) { return vector_of(lane, lanes_of(like)); }

static LLVMValueRef in_every_lane(LLVMValueRef lane, int lanes) {
    LLVMValueRef all[LOOP_MAX_LANES * 8];
    if (lanes == 1) return lane;
    for (int i = 0; i < lanes; i++) all[i] = lane;
    return LLVMConstVector(all, (unsigned)lanes);
}

/* Cut to the type's width: LLVM does not cut silently any more. */
static LLVMValueRef integer(LLVMTypeRef t, int64_t n) {
    unsigned width = LLVMGetIntTypeWidth(t);
    uint64_t bits = (uint64_t)n;
    return LLVMConstInt(t, width < 64 ? bits & (((uint64_t)1 << width) - 1) : bits, false);
}

LLVMValueRef int_const(LLVMTypeRef t, int64_t n) {
    if (LLVMGetTypeKind(t) != LLVMVectorTypeKind) return integer(t, n);
    return in_every_lane(integer(LLVMGetElementType(t), n), (int)LLVMGetVectorSize(t));
}

LLVMValueRef bits_const(Emit *e, LType t, int64_t bits) {
    LLVMTypeRef lane = lane_type(e, t.dtype);
    LLVMValueRef one;
    if (t.dtype == LOOP_PTR)
        one = LLVMConstIntToPtr(integer(e->i64, bits), e->ptr);
    else if (t.dtype == DT_f32)
        one = LLVMConstBitCast(integer(e->i32, bits), lane);
    else if (t.dtype == DT_f64)
        one = LLVMConstBitCast(integer(e->i64, bits), lane);
    else
        one = integer(lane, bits);
    return in_every_lane(one, t.lanes);
}

LLVMValueRef intrinsic(Emit *e, const char *name, int ntypes, LLVMTypeRef *types, int nargs, LLVMValueRef *args) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    if (!id) bug(e->cx, "LLVM has no %s", name);
    LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, types, (size_t)ntypes);
    LLVMTypeRef t = LLVMIntrinsicGetType(e->llvm, id, types, (size_t)ntypes);
    return LLVMBuildCall2(e->b, t, f, args, (unsigned)nargs, "");
}

LLVMValueRef intrinsic1(Emit *e, const char *name, LLVMValueRef x) {
    LLVMTypeRef t = LLVMTypeOf(x);
    return intrinsic(e, name, 1, &t, 1, &x);
}

/* A pointer, or a vector of them, to elements of type t. */
static LLVMValueRef typed(Emit *e, LLVMValueRef ptr, LLVMTypeRef t) {
#if LLVM_VERSION_MAJOR < 15
    return LLVMBuildBitCast(e->b, ptr, vector_of(LLVMPointerType(t, 0), lanes_of(ptr)), "");
#else
    (void)e, (void)t;
    return ptr;
#endif
}

LLVMValueRef byte_offset(Emit *e, LLVMValueRef ptr, LLVMValueRef bytes) {
    return LLVMBuildGEP2(e->b, e->i8, ptr, &bytes, 1, "");
}

LLVMValueRef load_from(Emit *e, LLVMTypeRef t, LLVMValueRef ptr, int align) {
    LLVMValueRef x = LLVMBuildLoad2(e->b, t, typed(e, ptr, t), "");
    LLVMSetAlignment(x, (unsigned)align);
    return x;
}

LLVMValueRef store_to(Emit *e, LLVMValueRef x, LLVMValueRef ptr, int align) {
    LLVMValueRef in = LLVMBuildStore(e->b, x, typed(e, ptr, LLVMTypeOf(x)));
    LLVMSetAlignment(in, (unsigned)align);
    return in;
}

/* The masked intrinsics take the alignment as an argument up to LLVM 21, as an attribute of the pointer later. */
static LLVMValueRef masked(Emit *e, const char *name, LLVMTypeRef vector, int nargs, LLVMValueRef *args, int pointer,
                           int align) {
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMTypeRef types[] = { vector, LLVMTypeOf(args[pointer]) };
    LLVMValueRef f = LLVMGetIntrinsicDeclaration(e->module, id, types, 2);
    LLVMTypeRef t = LLVMIntrinsicGetType(e->llvm, id, types, 2);
    bool attribute = (int)LLVMCountParamTypes(t) == nargs;
    LLVMValueRef all[5];
    int n = 0;
    for (int i = 0; i < nargs; i++) {
        all[n++] = args[i];
        if (i == pointer && !attribute) all[n++] = LLVMConstInt(e->i32, (unsigned)align, false);
    }
    LLVMValueRef call = LLVMBuildCall2(e->b, t, f, all, (unsigned)n, "");
    if (attribute) LLVMSetInstrParamAlignment(call, (unsigned)pointer + 1, (unsigned)align);
    return call;
}

LLVMValueRef masked_load(Emit *e, LLVMTypeRef t, LLVMValueRef ptr, int align, LLVMValueRef mask) {
    LLVMValueRef args[] = { typed(e, ptr, t), mask, LLVMConstNull(t) };
    return masked(e, "llvm.masked.load", t, 3, args, 0, align);
}

void masked_store(Emit *e, LLVMValueRef x, LLVMValueRef ptr, int align, LLVMValueRef mask) {
    LLVMValueRef args[] = { x, typed(e, ptr, LLVMTypeOf(x)), mask };
    masked(e, "llvm.masked.store", LLVMTypeOf(x), 3, args, 1, align);
}

LLVMValueRef masked_gather(Emit *e, LLVMTypeRef t, LLVMValueRef ptrs, int align, LLVMValueRef mask) {
    LLVMValueRef args[] = { typed(e, ptrs, LLVMGetElementType(t)), mask, LLVMConstNull(t) };
    return masked(e, "llvm.masked.gather", t, 3, args, 0, align);
}

void masked_scatter(Emit *e, LLVMValueRef x, LLVMValueRef ptrs, int align, LLVMValueRef mask) {
    LLVMValueRef args[] = { x, typed(e, ptrs, LLVMGetElementType(LLVMTypeOf(x))), mask };
    masked(e, "llvm.masked.scatter", LLVMTypeOf(x), 3, args, 1, align);
}

LLVMValueRef stack_place(Emit *e, int64_t bytes, int align) {
    LLVMBasicBlockRef here = LLVMGetInsertBlock(e->b);
    LLVMPositionBuilderAtEnd(e->b, e->entry);
    LLVMValueRef place = LLVMBuildAlloca(e->b, LLVMArrayType(e->i8, (unsigned)(bytes ? bytes : 1)), "");
    LLVMSetAlignment(place, (unsigned)align);
    place = LLVMBuildBitCast(e->b, place, e->ptr, "");
    LLVMPositionBuilderAtEnd(e->b, here);
    return place;
}

LLVMValueRef function_named(Emit *e, const char *name, LLVMTypeRef result, int n, LLVMTypeRef *params,
                            LLVMTypeRef *type) {
    *type = LLVMFunctionType(result, params, (unsigned)n, false);
    LLVMValueRef f = LLVMGetNamedFunction(e->module, name);
    if (!f) {
        f = LLVMAddFunction(e->module, name, *type);
        function_attribute(e, f, "nounwind", NULL);
    }
    return f;
}

void function_attribute(Emit *e, LLVMValueRef f, const char *name, const char *value) {
    LLVMAttributeRef a;
    if (value) {
        a = LLVMCreateStringAttribute(e->llvm, name, (unsigned)strlen(name), value, (unsigned)strlen(value));
    } else {
        unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));
        if (!kind) return; /* this version does not know it; making it would crash */
        a = LLVMCreateEnumAttribute(e->llvm, kind, 0);
    }
    LLVMAddAttributeAtIndex(f, (LLVMAttributeIndex)LLVMAttributeFunctionIndex, a);
}

static LLVMValueRef constant_bytes(Emit *e, const void *bytes, int64_t n, int align, bool ends) {
    LLVMValueRef init = LLVMConstStringInContext(e->llvm, bytes, (unsigned)n, !ends);
    LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(init), "");
    LLVMSetInitializer(g, init);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(g, true);
    LLVMSetUnnamedAddress(g, LLVMGlobalUnnamedAddr);
    LLVMSetAlignment(g, (unsigned)(align ? align : 1));
    return LLVMConstBitCast(g, e->ptr);
}

LLVMValueRef global_bytes(Emit *e, const void *bytes, int64_t n, int align) {
    return constant_bytes(e, bytes, n, align, false);
}

LLVMValueRef global_text(Emit *e, const char *text) { return constant_bytes(e, text, (int64_t)strlen(text), 1, true); }

#if LLVM_VERSION_MAJOR < 18
#define INSTCOMBINE "instcombine"
#else
#define INSTCOMBINE "instcombine<no-verify-fixpoint>"
#endif

/* Vectors, loops and sums are as they should be already: what is left is cleaning up.  The default pipelines take five to
** eight times as long and find nothing more. */
const char *pass_list(int opt_level) {
    if (opt_level == 0) return "globaldce";
    if (opt_level == 1) return "globaldce,function(sroa,early-cse,simplifycfg)";
    return "globaldce,constmerge,function(sroa,early-cse," INSTCOMBINE ",simplifycfg,loop-mssa(licm),gvn," INSTCOMBINE
           ",simplifycfg)";
}
