/* pieces: instructions that are there for vectors of one size only: a float's exponent and mantissa, scaling by a power of two,
** looking up in a table that stands in registers, or in tables of which each lane reads a row.
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

/* Tables that are looked up with the same index, as many as 16 bytes hold numbers: a row of this one holds what stands in each of them
** at one place.  More at a time would not find registers. */
typedef struct {
    const LInst *at[4];
    int n;
} Together;

static bool looks_up_too(const LInst *in, const LInst *first) {
    return in->op == LOOP_lookup && in->args[0] == first->args[0] && in->n == first->n &&
           in->results[0]->type.dtype == first->results[0]->type.dtype;
}

/* Those of the block that `in` goes together with. */
static Together together_with(const LInst *in, int width) {
    Together t = { .n = 0 };
    bool found = false;
    for (const LInst *i = in->results[0]->block->first; i && !(found && t.n == width); i = i->next) {
        if (!looks_up_too(i, in)) continue;
        if (t.n == width) t.n = 0;
        t.at[t.n++] = i;
        found |= i == in;
    }
    return t;
}

static LLVMValueRef rows_of(Emit *e, const Together *t, int width) {
    DType dtype = (DType)t->at[0]->results[0]->type.dtype;
    int bytes = dtype_bytes(dtype), n = t->at[0]->n;
    char *all = arena_alloc(e->cx->arena, (size_t)(n * width * bytes));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < width; k++)
            element_set_real(dtype, all + (i * width + k) * bytes, k < t->n ? ((const double *)t->at[k]->bytes)[i] : 0);
    return global_bytes(e, all, n * width * bytes, 64);
}

/* Pairs of `run` numbers from two vectors: those whose place has or lacks that bit. */
static LLVMValueRef pairs(Emit *e, LLVMValueRef x, LLVMValueRef y, int run, int second) {
    LLVMValueRef pick[8];
    int n = lanes_of(x);
    for (int i = 0; i < n; i++) pick[i] = int_const(e->i32, (i / run % 2 ? n : 0) + (i & ~run) + (second ? run : 0));
    return LLVMBuildShuffleVector(e->b, x, y, LLVMConstVector(pick, (unsigned)n), "");
}

/* The rows that `width` neighbouring lanes read, turned round, in each half of the vectors. */
static void turned(Emit *e, LLVMValueRef *x, int width) {
    for (int run = 1; run < width; run *= 2)
        for (int i = 0; i < width; i++) {
            if (i & run) continue;
            LLVMValueRef low = pairs(e, x[i], x[i + run], run, 0), high = pairs(e, x[i], x[i + run], run, 1);
            x[i] = low, x[i + run] = high;
        }
}

/* x in the lower half, y in the upper one */
static LLVMValueRef both_halves(Emit *e, LLVMValueRef x, LLVMValueRef y) {
    LLVMValueRef pick[8];
    int n = 2 * lanes_of(x);
    for (int i = 0; i < n; i++) pick[i] = int_const(e->i32, i);
    return LLVMBuildShuffleVector(e->b, x, y, LLVMConstVector(pick, (unsigned)n), "");
}

/* Each lane reads 16 bytes of its row; the other tables of these find theirs, unless code goes on in another block meanwhile. */
static LLVMValueRef lookup_rows(Emit *e, const LInst *in, int width, bool halves) {
    LType type = in->results[0]->type;
    int bytes = dtype_bytes((DType)type.dtype), lanes = halves ? 2 * width : width;
    Together t = together_with(in, width);
    LLVMValueRef done = e->value[in->results[0]->id], rows;
    if (in != t.at[0] && done && LLVMIsAInstruction(done) && LLVMGetInstructionParent(done) == LLVMGetInsertBlock(e->b))
        return done;
    rows = rows_of(e, &t, width);
    LLVMTypeRef piece = vector_of(lane_type(e, type.dtype), width);
    LLVMValueRef which = convert(e, e->value[in->args[0]->id], (DType)in->args[0]->type.dtype, DT_i64);
    which = LLVMBuildAnd(e->b, which, int_const(LLVMTypeOf(which), in->n - 1), "");
    which = LLVMBuildMul(e->b, which, int_const(LLVMTypeOf(which), width * bytes), "");
    for (int k = 0; k < t.n; k++) e->value[t.at[k]->results[0]->id] = LLVMGetUndef(type_in(e, type));
    for (int from = 0; from < type.lanes; from += lanes) {
        LLVMValueRef row[8], x[4];
        for (int i = 0; i < lanes; i++) {
            LLVMValueRef at = LLVMBuildExtractElement(e->b, which, int_const(e->i32, from + i), "");
            row[i] = load_from(e, piece, byte_offset(e, rows, at), bytes);
        }
        for (int i = 0; i < width; i++) x[i] = halves ? both_halves(e, row[i], row[i + width]) : row[i];
        turned(e, x, width);
        for (int k = 0; k < t.n; k++) {
            LLVMValueRef *y = &e->value[t.at[k]->results[0]->id];
            *y = lanes == type.lanes ? x[k] : put(e, *y, x[k], from);
        }
    }
    return e->value[in->results[0]->id];
}

static LLVMValueRef lookup_one(Emit *e, const LInst *in) {
    DType dtype = (DType)in->results[0]->type.dtype;
    int bytes = dtype_bytes(dtype);
    char *table = arena_alloc(e->cx->arena, (size_t)(in->n * bytes));
    for (int i = 0; i < in->n; i++) element_set_real(dtype, table + i * bytes, ((const double *)in->bytes)[i]);
    LLVMValueRef at = convert(e, e->value[in->args[0]->id], (DType)in->args[0]->type.dtype, DT_i64);
    at = LLVMBuildAnd(e->b, at, int_const(e->i64, in->n - 1), "");
    at = LLVMBuildMul(e->b, at, int_const(e->i64, bytes), "");
    LLVMValueRef ptr = byte_offset(e, global_bytes(e, table, in->n * bytes, 64), at);
    return load_from(e, type_in(e, in->results[0]->type), ptr, bytes);
}

LLVMValueRef lookup(Emit *e, const LInst *in) {
    const Target *t = &e->machine->target;
    LType type = in->results[0]->type;
    int bytes = loop_bytes(type);
    if (type.lanes == 1) return lookup_one(e, in);
    if (t->parts && in->n * bytes <= 128) return in_pieces(e, in, 64 / bytes, lookup_512);
    if (t->vector_bytes >= 32 && bytes == 4 && in->n <= 16) return in_pieces(e, in, 8, lookup_256);
    int width = 16 / dtype_bytes((DType)type.dtype) < type.lanes ? 16 / dtype_bytes((DType)type.dtype) : type.lanes;
    return lookup_rows(e, in, width, t->vector_bytes >= 32 && type.lanes >= 2 * width);
}
