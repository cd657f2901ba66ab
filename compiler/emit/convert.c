/* convert: one dtype to another, each rounded once.
**
** f16 and bf16 are integers of 16 bits here; what is not bits and shifts goes through f32.  A number that is wider than f32
** is first rounded to odd there (the last bit says whether anything was lost), so that the second rounding is the only
** one: f32 has at least two bits more than either. */
#include "emit/llvm.h"

#include <math.h>

static LLVMValueRef cast(Emit *e, LLVMOpcode op, LLVMValueRef x, LLVMTypeRef lane) {
    LLVMTypeRef to = lanes_like(lane, x);
    return LLVMTypeOf(x) == to ? x : LLVMBuildCast(e->b, op, x, to, "");
}

static LLVMValueRef bits_of(Emit *e, LLVMValueRef x) { return cast(e, LLVMBitCast, x, e->i32); }
static LLVMValueRef of_bits(Emit *e, LLVMValueRef x) { return cast(e, LLVMBitCast, x, e->f32); }
static LLVMValueRef number(LLVMValueRef like, int64_t n) { return int_const(LLVMTypeOf(like), n); }

static LLVMValueRef and_(Emit *e, LLVMValueRef x, int64_t n) { return LLVMBuildAnd(e->b, x, number(x, n), ""); }
static LLVMValueRef or_(Emit *e, LLVMValueRef x, int64_t n) { return LLVMBuildOr(e->b, x, number(x, n), ""); }
static LLVMValueRef add_(Emit *e, LLVMValueRef x, int64_t n) { return LLVMBuildAdd(e->b, x, number(x, n), ""); }
static LLVMValueRef shr_(Emit *e, LLVMValueRef x, int n) { return LLVMBuildLShr(e->b, x, number(x, n), ""); }
static LLVMValueRef shl_(Emit *e, LLVMValueRef x, int n) { return LLVMBuildShl(e->b, x, number(x, n), ""); }
static LLVMValueRef above(Emit *e, LLVMValueRef x, int64_t n) {
    return LLVMBuildICmp(e->b, LLVMIntUGT, x, number(x, n), "");
}

/* f16: sign, 5 bits of exponent (bias 15), 10 of fraction. */
static LLVMValueRef f16_to_f32(Emit *e, LLVMValueRef x) {
    LLVMBuilderRef b = e->b;
    if (e->machine->f16c) return cast(e, LLVMFPExt, cast(e, LLVMBitCast, x, e->f16), e->f32);
    LLVMValueRef wide = cast(e, LLVMZExt, x, e->i32);
    LLVMValueRef sign = shl_(e, and_(e, wide, 0x8000), 16), rest = and_(e, wide, 0x7fff);
    LLVMValueRef normal = add_(e, shl_(e, rest, 13), 112 << 23);
    LLVMValueRef large = or_(e, shl_(e, rest, 13), 0xff << 23); /* infinity, nan */
    LLVMValueRef small =
        bits_of(e, LLVMBuildFMul(b, cast(e, LLVMUIToFP, rest, e->f32), of_bits(e, number(rest, (127 - 24) << 23)), ""));
    LLVMValueRef y = LLVMBuildSelect(b, above(e, rest, 0x7bff), large, normal, "");
    y = LLVMBuildSelect(b, above(e, rest, 0x3ff), y, small, "");
    return of_bits(e, LLVMBuildOr(b, y, sign, ""));
}

static LLVMValueRef f32_to_f16(Emit *e, LLVMValueRef x) {
    LLVMBuilderRef b = e->b;
    if (e->machine->f16c) return cast(e, LLVMBitCast, cast(e, LLVMFPTrunc, x, e->f16), e->i16);
    LLVMValueRef bits = bits_of(e, x), sign = and_(e, bits, 0x80000000), rest = and_(e, bits, 0x7fffffff);
    LLVMValueRef odd = and_(e, shr_(e, rest, 13), 1);
    LLVMValueRef normal = shr_(e, LLVMBuildAdd(b, add_(e, rest, 0xfff - ((int64_t)112 << 23)), odd, ""), 13);
    LLVMValueRef nan = or_(e, and_(e, shr_(e, rest, 13), 0x3ff), 0x7e00);
    /* below 2^-14: adding 1/2 as a number shifts the fraction to where f16 has it, rounding as the machine does */
    LLVMValueRef half = number(rest, 126 << 23);
    LLVMValueRef small =
        LLVMBuildSub(b, bits_of(e, LLVMBuildFAdd(b, of_bits(e, rest), of_bits(e, half), "")), half, "");
    LLVMValueRef y = LLVMBuildSelect(b, above(e, rest, (113 << 23) - 1), normal, small, "");
    y = LLVMBuildSelect(b, above(e, rest, (143 << 23) - 1), number(rest, 0x7c00), y, ""); /* 2^16 and more */
    y = LLVMBuildSelect(b, above(e, rest, 0x7f800000), nan, y, "");
    return cast(e, LLVMTrunc, LLVMBuildOr(b, y, shr_(e, sign, 16), ""), e->i16);
}

/* bf16: the upper half of an f32. */
static LLVMValueRef bf16_to_f32(Emit *e, LLVMValueRef x) {
    return of_bits(e, shl_(e, cast(e, LLVMZExt, x, e->i32), 16));
}

static LLVMValueRef f32_to_bf16(Emit *e, LLVMValueRef x) {
    LLVMValueRef bits = bits_of(e, x), odd = and_(e, shr_(e, bits, 16), 1);
    LLVMValueRef rounded = LLVMBuildAdd(e->b, add_(e, bits, 0x7fff), odd, "");
    LLVMValueRef nan = LLVMBuildFCmp(e->b, LLVMRealUNO, x, x, "");
    LLVMValueRef y = LLVMBuildSelect(e->b, nan, or_(e, bits, 0x400000), rounded, "");
    return cast(e, LLVMTrunc, shr_(e, y, 16), e->i16);
}

/* Rounded to odd: towards zero, and the last bit set where that lost something. */
static LLVMValueRef f64_to_f32_odd(Emit *e, LLVMValueRef x) {
    LLVMBuilderRef b = e->b;
    LLVMValueRef near = cast(e, LLVMFPTrunc, x, e->f32), back = cast(e, LLVMFPExt, near, e->f64);
    LLVMValueRef lost = LLVMBuildFCmp(b, LLVMRealONE, back, x, "");
    LLVMValueRef over =
        LLVMBuildFCmp(b, LLVMRealOGT, intrinsic1(e, "llvm.fabs", back), intrinsic1(e, "llvm.fabs", x), "");
    LLVMValueRef bits = bits_of(e, near);
    LLVMValueRef down = LLVMBuildSelect(b, over, add_(e, bits, -1), bits, "");
    return of_bits(e, LLVMBuildSelect(b, lost, or_(e, down, 1), bits, ""));
}

static LLVMValueRef integer_to_f32_odd(Emit *e, LLVMValueRef x, bool with_sign) {
    LLVMBuilderRef b = e->b;
    LLVMValueRef wide = cast(e, with_sign ? LLVMSExt : LLVMZExt, x, e->i64), zero = number(wide, 0);
    LLVMValueRef negative = LLVMBuildICmp(b, LLVMIntSLT, wide, zero, "");
    LLVMValueRef size = with_sign ? LLVMBuildSelect(b, negative, LLVMBuildNeg(b, wide, ""), wide, "") : wide;
    /* what is longer than 53 bits gives up its last 12, but for whether they were zero: f64 then holds it exactly */
    LLVMValueRef tail = LLVMBuildICmp(b, LLVMIntNE, and_(e, size, 0xfff), zero, "");
    LLVMValueRef kept =
        LLVMBuildOr(b, and_(e, size, ~(int64_t)0xfff), shl_(e, cast(e, LLVMZExt, tail, e->i64), 12), "");
    size = LLVMBuildSelect(b, above(e, size, (int64_t)1 << 53), kept, size, "");
    LLVMValueRef y = f64_to_f32_odd(e, cast(e, LLVMUIToFP, size, e->f64));
    return with_sign ? LLVMBuildSelect(b, negative, LLVMBuildFNeg(b, y, ""), y, "") : y;
}

static bool narrow(DType t) { return t == DT_f16 || t == DT_bf16; }

static LLVMValueRef to_bool(Emit *e, LLVMValueRef x, DType from) {
    LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(x));
    if (narrow(from)) return LLVMBuildICmp(e->b, LLVMIntNE, and_(e, x, 0x7fff), zero, "");
    if (dtype_is_float(from)) return LLVMBuildFCmp(e->b, LLVMRealUNE, x, zero, "");
    return LLVMBuildICmp(e->b, LLVMIntNE, x, zero, "");
}

/* Lanes of floats: LLVM does its saturating conversion one lane after another. */
static LLVMValueRef saturated(Emit *e, LLVMValueRef x, DType to) {
    LLVMBuilderRef b = e->b;
    LLVMTypeRef real = LLVMTypeOf(x), lane = lane_type(e, to);
    bool with_sign = dtype_kind(to) == KIND_SIGNED;
    int width = 8 * dtype_bytes(to);
    double least = with_sign ? -ldexp(1, width - 1) : 0, beyond = ldexp(1, width - with_sign);
    LLVMValueRef zero = LLVMConstNull(real), low = LLVMConstReal(real, least);
    x = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealUNO, x, x, ""), zero, x, "");
    x = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealOLT, x, low, ""), low, x, "");
    LLVMValueRef over = LLVMBuildFCmp(b, LLVMRealOGE, x, LLVMConstReal(real, beyond), "");
    x = LLVMBuildSelect(b, over, zero, x, "");
    if (width < 32)
        x = cast(e, LLVMTrunc, cast(e, LLVMFPToSI, x, e->i32), lane);
    else
        x = cast(e, with_sign ? LLVMFPToSI : LLVMFPToUI, x, lane);
    int64_t most = with_sign ? INT64_MAX >> (64 - width) : -1;
    return LLVMBuildSelect(b, over, int_const(LLVMTypeOf(x), most), x, "");
}

static LLVMValueRef to_integer(Emit *e, LLVMValueRef x, DType from, DType to) {
    LLVMTypeRef lane = lane_type(e, to);
    bool with_sign = dtype_kind(to) == KIND_SIGNED;
    if (dtype_is_float(from)) { /* truncates, saturates; nan gives 0 */
        if (lanes_of(x) > 1) return saturated(e, x, to);
        LLVMTypeRef types[] = { lanes_like(lane, x), LLVMTypeOf(x) };
        return intrinsic(e, with_sign ? "llvm.fptosi.sat" : "llvm.fptoui.sat", 2, types, 1, &x);
    }
    if (dtype_bytes(to) <= dtype_bytes(from) && from != DT_bool) return cast(e, LLVMTrunc, x, lane);
    return cast(e, dtype_kind(from) == KIND_SIGNED ? LLVMSExt : LLVMZExt, x, lane);
}

LLVMValueRef convert(Emit *e, LLVMValueRef x, DType from, DType to) {
    if (from == to) return x;
    if (to == DT_bool) return to_bool(e, x, from);
    if (from == DT_f16) x = f16_to_f32(e, x), from = DT_f32;
    if (from == DT_bf16) x = bf16_to_f32(e, x), from = DT_f32;
    if (dtype_is_integer(to)) return to_integer(e, x, from, to);
    bool with_sign = dtype_kind(from) == KIND_SIGNED;
    if (narrow(to)) {
        if (from == DT_f64) x = f64_to_f32_odd(e, x);
        if (!dtype_is_float(from)) x = integer_to_f32_odd(e, x, with_sign);
        return to == DT_f16 ? f32_to_f16(e, x) : f32_to_bf16(e, x);
    }
    LLVMTypeRef lane = lane_type(e, to);
    if (dtype_is_float(from)) return cast(e, to == DT_f64 ? LLVMFPExt : LLVMFPTrunc, x, lane);
    return cast(e, with_sign ? LLVMSIToFP : LLVMUIToFP, x, lane);
}
