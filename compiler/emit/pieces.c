/* pieces: instructions that are there for vectors of one size only: a float's exponent and mantissa, scaling by a power of two,
** looking up in a table that stands in registers.
**
** Longer vectors are cut into pieces of that size, shorter ones and single numbers filled up. */
#include "emit/llvm.h"

typedef LLVMValueRef Piece(Emit *, const LInst *, LLVMValueRef *x);

/* Lanes `from` and on, as many as `lanes`; those beyond the end hold anything. */
static LLVMValueRef piece_of(Emit *e, LLVMValueRef x, int from, int lanes) {
    LLVMValueRef pick[LOOP_MAX_LANES];
    int n = lanes_of(x);
    if (n == 1) {
        LLVMValueRef none = LLVMGetUndef(vector_of(LLVMTypeOf(x), lanes));
        return LLVMBuildInsertElement(e->b, none, x, int_const(e->i32, 0), "");
    }
    for (int i = 0; i < lanes; i++) pick[i] = from + i < n ? int_const(e->i32, from + i) : LLVMGetUndef(e->i32);
    return LLVMBuildShuffleVector(e->b, x, LLVMGetUndef(LLVMTypeOf(x)), LLVMConstVector(pick, (unsigned)lanes), "");
}

/* The piece that begins at lane `from`, put over what is there so far. */
static LLVMValueRef put(Emit *e, LLVMValueRef all, LLVMValueRef piece, int from) {
    LLVMValueRef pick[LOOP_MAX_LANES];
    int n = lanes_of(all);
    piece = piece_of(e, piece, 0, n);
    for (int i = 0; i < n; i++) pick[i] = int_const(e->i32, i < from ? i : n + i - from);
    return LLVMBuildShuffleVector(e->b, all, piece, LLVMConstVector(pick, (unsigned)n), "");
}

static LLVMValueRef in_pieces(Emit *e, const LInst *in, int lanes, Piece *f) {
    LType t = in->results[0]->type;
    LLVMValueRef x[2] = { 0 }, y = NULL;
    for (int i = 0; i < in->nargs; i++) x[i] = e->value[in->args[i]->id];
    if (t.lanes == lanes) return f(e, in, x);
    for (int from = 0; from < t.lanes; from += lanes) {
        LLVMValueRef piece[2] = { 0 };
        for (int i = 0; i < in->nargs; i++) piece[i] = piece_of(e, x[i], from, lanes);
        LLVMValueRef part = f(e, in, piece);
        if (t.lanes == 1) return LLVMBuildExtractElement(e->b, part, int_const(e->i32, 0), "");
        y = y ? put(e, y, part, from) : piece_of(e, part, 0, t.lanes);
    }
    return y;
}

/* All lanes, the usual rounding. */
static LLVMValueRef taken_apart(Emit *e, const LInst *in, LLVMValueRef *x) {
    enum { CURRENT_ROUNDING = 4, FROM_1_NAN_BELOW_0 = 8, FROM_3_4_NAN_BELOW_0 = 11 };
    bool wide = in->results[0]->type.dtype == DT_f64;
    LLVMValueRef none = LLVMConstNull(LLVMTypeOf(x[0])), mask = LLVMConstAllOnes(wide ? e->i8 : e->i16);
    LLVMValueRef rounding = int_const(e->i32, CURRENT_ROUNDING);
    if (in->op == LOOP_scale) {
        LLVMValueRef args[] = { x[0], x[1], none, mask, rounding };
        return intrinsic(e, wide ? "llvm.x86.avx512.mask.scalef.pd.512" : "llvm.x86.avx512.mask.scalef.ps.512", 0, NULL,
                         5, args);
    }
    if (in->op == LOOP_exponent) {
        LLVMValueRef args[] = { x[0], none, mask, rounding };
        return intrinsic(e, wide ? "llvm.x86.avx512.mask.getexp.pd.512" : "llvm.x86.avx512.mask.getexp.ps.512", 0, NULL,
                         4, args);
    }
    int from = in->op == LOOP_mantissa ? FROM_3_4_NAN_BELOW_0 : FROM_1_NAN_BELOW_0;
    LLVMValueRef args[] = { x[0], int_const(e->i32, from), none, mask, rounding };
    return intrinsic(e, wide ? "llvm.x86.avx512.mask.getmant.pd.512" : "llvm.x86.avx512.mask.getmant.ps.512", 0, NULL,
                     5, args);
}

LLVMValueRef parts(Emit *e, const LInst *in) {
    return in_pieces(e, in, in->results[0]->type.dtype == DT_f64 ? 8 : 16, taken_apart);
}

/* `lanes` numbers of the table, from `from` on; from its beginning again where it is shorter. */
static LLVMValueRef numbers(Emit *e, const LInst *in, int from, int lanes) {
    LLVMValueRef all[32];
    const double *table = in->bytes;
    for (int i = 0; i < lanes; i++)
        all[i] = LLVMConstReal(lane_type(e, in->results[0]->type.dtype), table[(from + i) % in->n]);
    return LLVMConstVector(all, (unsigned)lanes);
}

/* In one register of 64 bytes, or two. */
static LLVMValueRef lookup_512(Emit *e, const LInst *in, LLVMValueRef *x) {
    bool wide = in->results[0]->type.dtype == DT_f64;
    int lanes = wide ? 8 : 16;
    if (in->n <= lanes) {
        LLVMValueRef args[] = { numbers(e, in, 0, lanes), x[0] };
        return intrinsic(e, wide ? "llvm.x86.avx512.permvar.df.512" : "llvm.x86.avx512.permvar.sf.512", 0, NULL, 2,
                         args);
    }
    LLVMValueRef args[] = { numbers(e, in, 0, lanes), x[0], numbers(e, in, lanes, lanes) };
    return intrinsic(e, wide ? "llvm.x86.avx512.vpermi2var.pd.512" : "llvm.x86.avx512.vpermi2var.ps.512", 0, NULL, 3,
                     args);
}

/* In registers of eight floats; the bit that says which of two moves to the sign. */
static LLVMValueRef lookup_256(Emit *e, const LInst *in, LLVMValueRef *x) {
    LLVMValueRef low[] = { numbers(e, in, 0, 8), x[0] }, high[] = { numbers(e, in, 8, 8), x[0] };
    LLVMValueRef y = intrinsic(e, "llvm.x86.avx2.permps", 0, NULL, 2, low);
    if (in->n == 8) return y;
    LLVMValueRef second = LLVMBuildShl(e->b, x[0], int_const(LLVMTypeOf(x[0]), 28), "");
    second = LLVMBuildICmp(e->b, LLVMIntSLT, second, int_const(LLVMTypeOf(x[0]), 0), "");
    return LLVMBuildSelect(e->b, second, intrinsic(e, "llvm.x86.avx2.permps", 0, NULL, 2, high), y, "");
}

static LLVMValueRef lookup_memory(Emit *e, const LInst *in) {
    LType t = in->results[0]->type;
    int bytes = loop_bytes(t);
    char *table = arena_alloc(e->cx->arena, (size_t)(in->n * bytes));
    for (int i = 0; i < in->n; i++) element_set_real((DType)t.dtype, table + i * bytes, ((const double *)in->bytes)[i]);
    LLVMValueRef at = convert(e, e->value[in->args[0]->id], (DType)in->args[0]->type.dtype, DT_i64);
    at = LLVMBuildAnd(e->b, at, int_const(LLVMTypeOf(at), in->n - 1), "");
    at = LLVMBuildMul(e->b, at, int_const(LLVMTypeOf(at), bytes), "");
    LLVMValueRef ptr = byte_offset(e, global_bytes(e, table, in->n * bytes, 64), at);
    if (t.lanes == 1) return load_from(e, type_in(e, t), ptr, bytes);
    return masked_gather(e, type_in(e, t), ptr, bytes, LLVMConstAllOnes(vector_of(e->i1, t.lanes)));
}

LLVMValueRef lookup(Emit *e, const LInst *in) {
    const Target *t = &e->machine->target;
    LType type = in->results[0]->type;
    int bytes = loop_bytes(type);
    if (type.lanes == 1) return lookup_memory(e, in);
    if (t->parts && in->n * bytes <= 128) return in_pieces(e, in, 64 / bytes, lookup_512);
    if (t->vector_bytes >= 32 && bytes == 4 && in->n <= 16) return in_pieces(e, in, 8, lookup_256);
    return lookup_memory(e, in);
}
