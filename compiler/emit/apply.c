/* apply: the elementwise operations that loop.h leaves to the machine, one LLVM instruction or a few.
**
** No fast-math flags anywhere: LLVM may not reassociate, contract or assume that a nan does not occur. */
#include "emit/llvm.h"

typedef enum { IS_BOOL, IS_SIGNED, IS_UNSIGNED, IS_FLOAT } Sort;

static Sort sort_of(Emit *e, const LValue *x) {
    if (x->type.dtype == LOOP_PTR) return IS_UNSIGNED;
    switch (dtype_kind((DType)x->type.dtype)) {
    case KIND_BOOL: return IS_BOOL;
    case KIND_SIGNED: return IS_SIGNED;
    case KIND_UNSIGNED: return IS_UNSIGNED;
    case KIND_FLOAT: return IS_FLOAT;
    case KIND_COMPLEX: break;
    }
    bug(e->cx, "a complex value in the loop IR");
}

static LLVMValueRef absolute(Emit *e, Sort sort, LLVMValueRef x) {
    if (sort == IS_FLOAT) return intrinsic1(e, "llvm.fabs", x);
    if (sort != IS_SIGNED) return x;
    LLVMTypeRef t = LLVMTypeOf(x);
    LLVMValueRef args[] = { x, LLVMConstInt(e->i1, 0, false) };
    return intrinsic(e, "llvm.abs", 1, &t, 2, args);
}

/* x > y or x is nan ? x : y */
static LLVMValueRef extreme(Emit *e, Sort sort, bool larger, LLVMValueRef x, LLVMValueRef y) {
    LLVMBuilderRef b = e->b;
    LLVMValueRef take;
    if (sort == IS_BOOL) return larger ? LLVMBuildOr(b, x, y, "") : LLVMBuildAnd(b, x, y, "");
    if (sort == IS_FLOAT) {
        LLVMValueRef beats = LLVMBuildFCmp(b, larger ? LLVMRealOGT : LLVMRealOLT, x, y, "");
        /* two selects, the first of which is one max instruction */
        LLVMValueRef best = LLVMBuildSelect(b, beats, x, y, "");
        take = LLVMBuildFCmp(b, LLVMRealUNO, x, LLVMConstNull(LLVMTypeOf(x)), "");
        return LLVMBuildSelect(b, take, x, best, "");
    }
    static const char *const names[2][2] = { { "llvm.umin", "llvm.umax" }, { "llvm.smin", "llvm.smax" } };
    LLVMTypeRef t = LLVMTypeOf(x);
    return intrinsic(e, names[sort == IS_SIGNED][larger], 1, &t, 2, (LLVMValueRef[]){ x, y });
}

static LLVMValueRef compare(Emit *e, Op op, Sort sort, LLVMValueRef x, LLVMValueRef y) {
    static const struct {
        Op op;
        LLVMRealPredicate real;
        LLVMIntPredicate sign, plain;
    } rows[] = {
        { OP_eq, LLVMRealOEQ, LLVMIntEQ, LLVMIntEQ },   { OP_ne, LLVMRealUNE, LLVMIntNE, LLVMIntNE },
        { OP_lt, LLVMRealOLT, LLVMIntSLT, LLVMIntULT }, { OP_le, LLVMRealOLE, LLVMIntSLE, LLVMIntULE },
        { OP_gt, LLVMRealOGT, LLVMIntSGT, LLVMIntUGT }, { OP_ge, LLVMRealOGE, LLVMIntSGE, LLVMIntUGE },
    };
    for (int i = 0; i < COUNT(rows); i++) {
        if (rows[i].op != op) continue;
        if (sort == IS_FLOAT) return LLVMBuildFCmp(e->b, rows[i].real, x, y, "");
        return LLVMBuildICmp(e->b, sort == IS_SIGNED ? rows[i].sign : rows[i].plain, x, y, "");
    }
    bug(e->cx, "%s is not a comparison", op_name(op));
}

static LLVMValueRef fused(Emit *e, LLVMValueRef *x) {
    LLVMTypeRef t = LLVMTypeOf(x[0]);
    if (!e->machine->target.fma) /* a call for each lane otherwise; DESIGN 6 lists this exception */
        return LLVMBuildFAdd(e->b, LLVMBuildFMul(e->b, x[0], x[1], ""), x[2], "");
    return intrinsic(e, "llvm.fma", 1, &t, 3, x);
}

static LLVMValueRef leading_zeros(Emit *e, LLVMValueRef x) {
    LLVMTypeRef t = LLVMTypeOf(x);
    LLVMValueRef args[] = { x, LLVMConstInt(e->i1, 0, false) };
    return intrinsic(e, "llvm.ctlz", 1, &t, 2, args);
}

/* The quotient or remainder of integers; lanes of up to 32 bits are divided as floats that hold them and their quotients'
** whole parts exactly, since no machine divides vectors of integers. */
static LLVMValueRef divided(Emit *e, const LInst *in, bool is_signed, LLVMValueRef x, LLVMValueRef y) {
    LLVMBuilderRef b = e->b;
    LLVMTypeRef t = LLVMTypeOf(x);
    int bytes = dtype_bytes((DType)in->args[0]->type.dtype), lanes = in->args[0]->type.lanes;
    if (lanes == 1 || bytes > 4 || LLVMIsConstant(y)) {
        if (in->fn == OP_div) return is_signed ? LLVMBuildSDiv(b, x, y, "") : LLVMBuildUDiv(b, x, y, "");
        return is_signed ? LLVMBuildSRem(b, x, y, "") : LLVMBuildURem(b, x, y, "");
    }
    LLVMContextRef c = LLVMGetTypeContext(t);
    LLVMTypeRef real =
        LLVMVectorType(bytes == 4 ? LLVMDoubleTypeInContext(c) : LLVMFloatTypeInContext(c), (unsigned)lanes);
    LLVMValueRef p = is_signed ? LLVMBuildSIToFP(b, x, real, "") : LLVMBuildUIToFP(b, x, real, "");
    LLVMValueRef q =
        LLVMBuildFDiv(b, p, is_signed ? LLVMBuildSIToFP(b, y, real, "") : LLVMBuildUIToFP(b, y, real, ""), "");
    q = is_signed ? LLVMBuildFPToSI(b, q, t, "") : LLVMBuildFPToUI(b, q, t, "");
    return in->fn == OP_div ? q : LLVMBuildSub(b, x, LLVMBuildMul(b, q, y, ""), "");
}

LLVMValueRef apply(Emit *e, const LInst *in) {
    LLVMValueRef x[3] = { 0 };
    for (int i = 0; i < in->nargs && i < 3; i++) x[i] = e->value[in->args[i]->id];
    LLVMBuilderRef b = e->b;
    Sort sort = sort_of(e, in->args[0]);
    bool real = sort == IS_FLOAT, logical = sort == IS_BOOL;
    switch (in->fn) {
    case OP_neg: return real ? LLVMBuildFNeg(b, x[0], "") : LLVMBuildNeg(b, x[0], "");
    case OP_abs: return absolute(e, sort, x[0]);
    case OP_add:
        return real      ? LLVMBuildFAdd(b, x[0], x[1], "")
               : logical ? LLVMBuildOr(b, x[0], x[1], "")
                         : LLVMBuildAdd(b, x[0], x[1], "");
    case OP_sub: return real ? LLVMBuildFSub(b, x[0], x[1], "") : LLVMBuildSub(b, x[0], x[1], "");
    case OP_mul:
        return real      ? LLVMBuildFMul(b, x[0], x[1], "")
               : logical ? LLVMBuildAnd(b, x[0], x[1], "")
                         : LLVMBuildMul(b, x[0], x[1], "");
    case OP_div: return real ? LLVMBuildFDiv(b, x[0], x[1], "") : divided(e, in, sort == IS_SIGNED, x[0], x[1]);
    case OP_rem: return real ? LLVMBuildFRem(b, x[0], x[1], "") : divided(e, in, sort == IS_SIGNED, x[0], x[1]);
    case OP_floor: return intrinsic1(e, "llvm.floor", x[0]);
    case OP_ceil: return intrinsic1(e, "llvm.ceil", x[0]);
    case OP_trunc: return intrinsic1(e, "llvm.trunc", x[0]);
    case OP_round: return intrinsic1(e, "llvm.rint", x[0]); /* the mode is to even: nothing changes it */
    case OP_sqrt: return intrinsic1(e, "llvm.sqrt", x[0]);
    case OP_fma: return fused(e, x);
    case OP_max: return extreme(e, sort, true, x[0], x[1]);
    case OP_min: return extreme(e, sort, false, x[0], x[1]);
    case OP_and: return LLVMBuildAnd(b, x[0], x[1], "");
    case OP_or: return LLVMBuildOr(b, x[0], x[1], "");
    case OP_xor: return LLVMBuildXor(b, x[0], x[1], "");
    case OP_not: return LLVMBuildNot(b, x[0], "");
    case OP_shift_left: return LLVMBuildShl(b, x[0], x[1], "");
    case OP_shift_right_logical: return LLVMBuildLShr(b, x[0], x[1], "");
    case OP_shift_right_arithmetic: return LLVMBuildAShr(b, x[0], x[1], "");
    case OP_eq:
    case OP_ne:
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge: return compare(e, in->fn, sort, x[0], x[1]);
    case OP_select: return LLVMBuildSelect(b, x[0], x[1], x[2], "");
    case OP_convert: return convert(e, x[0], (DType)in->args[0]->type.dtype, (DType)in->results[0]->type.dtype);
    case OP_bitcast: return LLVMBuildBitCast(b, x[0], type_in(e, in->results[0]->type), "");
    case OP_population_count: return intrinsic1(e, "llvm.ctpop", x[0]);
    case OP_clz: return leading_zeros(e, x[0]);
    default: bug(e->cx, "%s was left to the machine", op_name(in->fn));
    }
}

LLVMValueRef overflows(Emit *e, const LInst *in) {
    const char *name = in->fn == OP_add   ? "llvm.sadd.with.overflow"
                       : in->fn == OP_sub ? "llvm.ssub.with.overflow"
                                          : "llvm.smul.with.overflow";
    LLVMValueRef x[] = { e->value[in->args[0]->id], e->value[in->args[1]->id] };
    LLVMTypeRef t = LLVMTypeOf(x[0]);
    return LLVMBuildExtractValue(e->b, intrinsic(e, name, 1, &t, 2, x), 1, "");
}
