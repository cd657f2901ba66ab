/* memory: loads, stores and pointers.
**
** An index counts elements; a bool is a byte in memory and a bit as a value; elements are aligned to their size. */
#include "emit/llvm.h"

enum { LONGEST_STEP = 4 /* of lanes that are picked from whole vectors */ };

static LLVMValueRef of(Emit *e, const LValue *x) { return e->value[x->id]; }

/* The address of element `index`, or of as many as the index has lanes. */
static LLVMValueRef address(Emit *e, LLVMValueRef ptr, LLVMValueRef index, int64_t bytes) {
    LLVMValueRef offset = bytes == 1 ? index : LLVMBuildMul(e->b, index, int_const(LLVMTypeOf(index), bytes), "");
    return byte_offset(e, ptr, offset);
}

static LLVMValueRef splat(Emit *e, LLVMValueRef x, int lanes) {
    if (lanes == 1) return x;
    LLVMTypeRef t = vector_of(LLVMTypeOf(x), lanes);
    LLVMValueRef one = LLVMBuildInsertElement(e->b, LLVMGetUndef(t), x, LLVMConstInt(e->i32, 0, false), "");
    return LLVMBuildShuffleVector(e->b, one, LLVMGetUndef(t), int_const(vector_of(e->i32, lanes), 0), "");
}

/* index + k * stride for lane k */
static LLVMValueRef strided(Emit *e, LLVMValueRef index, int64_t stride, int lanes) {
    LLVMValueRef k[LOOP_MAX_LANES * 8];
    for (int i = 0; i < lanes; i++) k[i] = LLVMConstInt(e->i64, (unsigned long long)(stride * i), true);
    return LLVMBuildAdd(e->b, splat(e, index, lanes), LLVMConstVector(k, (unsigned)lanes), "");
}

static LLVMValueRef as_value(Emit *e, LLVMValueRef x, LType t) {
    if (t.dtype != DT_bool) return x;
    return LLVMBuildICmp(e->b, LLVMIntNE, x, LLVMConstNull(LLVMTypeOf(x)), "");
}

static LLVMValueRef as_memory(Emit *e, LLVMValueRef x, LType t) {
    if (t.dtype != DT_bool) return x;
    return LLVMBuildZExt(e->b, x, memory_type(e, t), "");
}

static LLVMValueRef all_lanes(Emit *e, int lanes) { return int_const(vector_of(e->i1, lanes), -1); }

/* A scalar under a mask is read or written in a block of its own. */
static LLVMBasicBlockRef guarded(Emit *e, LLVMValueRef mask) {
    LLVMBasicBlockRef inside = LLVMAppendBasicBlockInContext(e->llvm, e->func, "");
    LLVMBasicBlockRef after = LLVMAppendBasicBlockInContext(e->llvm, e->func, "");
    LLVMBuildCondBr(e->b, mask, inside, after);
    LLVMPositionBuilderAtEnd(e->b, inside);
    return after;
}

static LLVMValueRef load_scalar(Emit *e, LLVMTypeRef t, LLVMValueRef at, int bytes, LLVMValueRef mask) {
    if (!mask) return load_from(e, t, at, bytes);
    LLVMBasicBlockRef before = LLVMGetInsertBlock(e->b), after = guarded(e, mask), inside = LLVMGetInsertBlock(e->b);
    LLVMValueRef x = load_from(e, t, at, bytes), zero = LLVMConstNull(t);
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, after);
    LLVMValueRef y = LLVMBuildPhi(e->b, t, "");
    LLVMAddIncoming(y, &x, &inside, 1);
    LLVMAddIncoming(y, &zero, &before, 1);
    return y;
}

static void store_scalar(Emit *e, LLVMValueRef x, LLVMValueRef at, int bytes, LLVMValueRef mask) {
    LLVMBasicBlockRef after = mask ? guarded(e, mask) : NULL;
    store_to(e, x, at, bytes);
    if (!after) return;
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, after);
}

/* Lane k is element index + k*n.  Machines that gather do it no faster than one element at a time; and with short strides a few
** whole vectors hold them all.  What lies between two lanes belongs to the same array. */
static LLVMValueRef load_strided(Emit *e, LLVMTypeRef m, LLVMValueRef ptr, LLVMValueRef index, int64_t n) {
    LLVMTypeRef one = LLVMGetElementType(m);
    int lanes = lanes_of(LLVMGetUndef(m)), bytes = (int)(LLVMABISizeOfType(LLVMGetModuleDataLayout(e->module), one));
    int64_t step = n < 0 ? -n : n;
    if (step <= LONGEST_STEP) {
        LLVMValueRef first = n < 0 ? LLVMBuildAdd(e->b, index, int_const(e->i64, (lanes - 1) * n), "") : index,
                     x = NULL;
        int64_t past = (lanes - 1) * step + 1; /* nothing behind the last lane is read */
        for (int64_t v = 0, seen = 0; v < step; v++, seen += lanes) {
            int64_t from = seen + lanes < past ? seen : past - lanes;
            LLVMValueRef at = LLVMBuildAdd(e->b, first, int_const(e->i64, from), ""), pick[LOOP_MAX_LANES];
            LLVMValueRef next = load_from(e, m, address(e, ptr, at, bytes), bytes);
            for (int k = 0; k < lanes; k++) {
                int64_t place = (n < 0 ? lanes - 1 - k : k) * step;
                pick[k] = int_const(e->i32, place < seen ? k : lanes + (place < from + lanes ? place - from : k));
            }
            LLVMValueRef picked = LLVMConstVector(pick, (unsigned)lanes);
            x = LLVMBuildShuffleVector(e->b, x ? x : next, next, picked, "");
        }
        return x;
    }
    LLVMValueRef x = LLVMGetUndef(m);
    for (int k = 0; k < lanes; k++) {
        LLVMValueRef at = LLVMBuildAdd(e->b, index, int_const(e->i64, k * n), "");
        LLVMValueRef lane = load_from(e, one, address(e, ptr, at, bytes), bytes);
        x = LLVMBuildInsertElement(e->b, x, lane, int_const(e->i32, k), "");
    }
    return x;
}

/* The same for every other element, of lanes that a mask allows: two masked vectors hold them. */
static LLVMValueRef load_every_other(Emit *e, LLVMTypeRef m, LLVMValueRef ptr, LLVMValueRef index, int bytes,
                                     LLVMValueRef mask) {
    int lanes = lanes_of(mask);
    LLVMValueRef half[2], pick[LOOP_MAX_LANES];
    for (int h = 0; h < 2; h++) {
        for (int k = 0; k < lanes; k++) pick[k] = int_const(e->i32, k % 2 ? lanes : (h * lanes + k) / 2);
        LLVMValueRef none = LLVMConstNull(LLVMTypeOf(mask)), which = LLVMConstVector(pick, (unsigned)lanes);
        LLVMValueRef at = LLVMBuildAdd(e->b, index, int_const(e->i64, h * lanes), "");
        half[h] =
            masked_load(e, m, address(e, ptr, at, bytes), bytes, LLVMBuildShuffleVector(e->b, mask, none, which, ""));
    }
    for (int k = 0; k < lanes; k++) pick[k] = int_const(e->i32, 2 * k);
    return LLVMBuildShuffleVector(e->b, half[0], half[1], LLVMConstVector(pick, (unsigned)lanes), "");
}

/* Whether all lanes are there, where that is the rule and a mask says so; else NULL.  Then whole vectors are read and written
** without it: processors do not look ahead of masked reads, and some write under a mask lane by lane. */
static LLVMValueRef whole_vector(Emit *e, const LValue *mask) {
    if (!mask->def || mask->def->op != LOOP_lanes_below || mask->def->n != 1) return NULL;
    LLVMValueRef count = of(e, mask->def->args[0]);
    if (!LLVMIsAInstruction(count) || LLVMGetBasicBlockParent(LLVMGetInstructionParent(count)) != e->func)
        return NULL; /* a piece of a loop for a thread: the mask is handed to it, its count is not */
    return LLVMBuildICmp(e->b, LLVMIntSGE, count, int_const(e->i64, mask->type.lanes), "");
}

typedef struct {
    LLVMBasicBlockRef whole, part, after;
} Sides;

static Sides sides(Emit *e, LLVMValueRef whole) {
    Sides s = { LLVMAppendBasicBlockInContext(e->llvm, e->func, ""),
                LLVMAppendBasicBlockInContext(e->llvm, e->func, ""),
                LLVMAppendBasicBlockInContext(e->llvm, e->func, "") };
    LLVMBuildCondBr(e->b, whole, s.whole, s.part);
    LLVMPositionBuilderAtEnd(e->b, s.whole);
    return s;
}

static void next_side(Emit *e, LLVMBasicBlockRef block, LLVMBasicBlockRef after) {
    LLVMBuildBr(e->b, after);
    LLVMPositionBuilderAtEnd(e->b, block);
}

/* Whether lanes of a mask may turn out to be constant where others are not. */
static bool mixes_constants(LLVMValueRef mask) {
    if (LLVMIsAConstant(mask)) return !LLVMIsNull(mask);
    if (LLVMIsAShuffleVectorInst(mask)) return mixes_constants(LLVMGetOperand(mask, 0));
    if (!LLVMIsABinaryOperator(mask) && !LLVMIsASelectInst(mask)) return false;
    for (int i = 0; i < LLVMGetNumOperands(mask); i++) {
        if (mixes_constants(LLVMGetOperand(mask, (unsigned)i))) return true;
    }
    return false;
}

/* A mask with one bit for each lane as AVX2 wants it, the sign of a number; by an empty piece of assembly, so that nothing is
** known of it. */
static LLVMValueRef hidden(Emit *e, LLVMValueRef mask, int bytes) {
    static char constraints[] = "=x,0", code[] = "";
    LLVMTypeRef t = lanes_like(bytes == 8 ? e->i64 : e->i32, mask), type = LLVMFunctionType(t, &t, 1, false);
    LLVMValueRef x = LLVMBuildSExt(e->b, mask, t, "");
    LLVMValueRef it = LLVMGetInlineAsm(type, code, 0, constraints, sizeof constraints - 1, false, false,
                                       LLVMInlineAsmDialectATT, false);
    x = LLVMBuildCall2(e->b, type, it, &x, 1, "");
    return LLVMBuildICmp(e->b, LLVMIntSLT, x, LLVMConstNull(t), "");
}

static LLVMValueRef some_lanes(Emit *e, LLVMValueRef x, int from, int lanes) {
    LLVMValueRef pick[LOOP_MAX_LANES];
    for (int k = 0; k < lanes; k++) pick[k] = int_const(e->i32, from + k);
    return LLVMBuildShuffleVector(e->b, x, LLVMGetUndef(LLVMTypeOf(x)), LLVMConstVector(pick, (unsigned)lanes), "");
}

/* A register at a time, its mask hidden.  LLVM 14 to 22 split a longer one themselves, and where they find then, for AVX2, that
** a part of the mask is false in all lanes, they take bits beside the signs for true, and read that part whole. */
static LLVMValueRef load_in_registers(Emit *e, LLVMTypeRef m, LLVMValueRef at, int bytes, LLVMValueRef mask) {
    int lanes = lanes_of(mask), each = e->machine->target.vector_bytes / bytes;
    LLVMTypeRef piece = vector_of(LLVMGetElementType(m), each);
    LLVMValueRef x[LOOP_MAX_LANES], all[LOOP_MAX_LANES];
    for (int from = 0, n = 0; from < lanes; from += each, n++) {
        LLVMValueRef here = byte_offset(e, at, int_const(e->i64, from * bytes));
        x[n] = masked_load(e, piece, here, bytes, hidden(e, some_lanes(e, mask, from, each), bytes));
    }
    for (int n = each; n < lanes; n *= 2) {
        for (int k = 0; k < 2 * n; k++) all[k] = int_const(e->i32, k);
        for (int k = 0; k < lanes / n; k += 2)
            x[k / 2] = LLVMBuildShuffleVector(e->b, x[k], x[k + 1], LLVMConstVector(all, 2 * (unsigned)n), "");
    }
    return x[0];
}

static LLVMValueRef load_masked(Emit *e, LLVMTypeRef m, LLVMValueRef at, int bytes, LLVMValueRef mask) {
    bool split = e->machine->target.vector_bytes == 32 && bytes >= 4 && lanes_of(mask) * bytes > 32;
    if (split && !LLVMIsAConstant(mask) && mixes_constants(mask)) return load_in_registers(e, m, at, bytes, mask);
    return masked_load(e, m, at, bytes, mask);
}

static LLVMValueRef reversed(Emit *e, LLVMValueRef x) {
    LLVMValueRef pick[LOOP_MAX_LANES * 8];
    int lanes = lanes_of(x);
    for (int k = 0; k < lanes; k++) pick[k] = int_const(e->i32, lanes - 1 - k);
    return LLVMBuildShuffleVector(e->b, x, LLVMGetUndef(LLVMTypeOf(x)), LLVMConstVector(pick, (unsigned)lanes), "");
}

/* Lane k is element index - k: a vector from the last of them on, turned round. */
static LLVMValueRef load_backwards(Emit *e, LLVMTypeRef m, LLVMValueRef ptr, LLVMValueRef index, int bytes,
                                   LLVMValueRef mask) {
    LLVMValueRef last = LLVMBuildAdd(e->b, index, int_const(e->i64, 1 - lanes_of(LLVMGetUndef(m))), "");
    LLVMValueRef at = address(e, ptr, last, bytes);
    return reversed(e, mask ? load_masked(e, m, at, bytes, reversed(e, mask)) : load_from(e, m, at, bytes));
}

static LLVMValueRef load_lanes(Emit *e, const LInst *in, LLVMValueRef mask) {
    LType t = in->results[0]->type;
    LLVMTypeRef m = memory_type(e, t);
    int bytes = loop_bytes(t);
    LLVMValueRef ptr = of(e, in->args[0]), index = of(e, in->args[1]);
    if (in->n == 0 && !mask)
        return splat(e, load_from(e, LLVMGetElementType(m), address(e, ptr, index, bytes), bytes), t.lanes);
    if (in->n == 1) {
        LLVMValueRef at = address(e, ptr, index, bytes);
        return mask ? load_masked(e, m, at, bytes, mask) : load_from(e, m, at, bytes);
    }
    if (in->n == -1) return load_backwards(e, m, ptr, index, bytes, mask);
    if (!mask && bytes >= 4 && t.lanes <= 16) return load_strided(e, m, ptr, index, in->n);
    if (!mask) mask = all_lanes(e, t.lanes);
    if (in->n == 2 && bytes >= 4 && e->machine->target.masked) return load_every_other(e, m, ptr, index, bytes, mask);
    return masked_gather(e, m, address(e, ptr, strided(e, index, in->n, t.lanes), bytes), bytes, mask);
}

static LLVMValueRef load_vector(Emit *e, const LInst *in) {
    LLVMValueRef mask = in->nargs > 2 ? of(e, in->args[2]) : NULL, whole, x[2];
    if (!mask || !(whole = whole_vector(e, in->args[2]))) return load_lanes(e, in, mask);
    Sides s = sides(e, whole);
    x[0] = load_lanes(e, in, NULL);
    s.whole = LLVMGetInsertBlock(e->b);
    next_side(e, s.part, s.after);
    x[1] = load_lanes(e, in, mask);
    s.part = LLVMGetInsertBlock(e->b);
    next_side(e, s.after, s.after);
    LLVMValueRef y = LLVMBuildPhi(e->b, LLVMTypeOf(x[0]), "");
    LLVMAddIncoming(y, x, (LLVMBasicBlockRef[]){ s.whole, s.part }, 2);
    return y;
}

static LLVMValueRef load(Emit *e, const LInst *in) {
    LType t = in->results[0]->type;
    if (t.lanes > 1) return as_value(e, load_vector(e, in), t);
    int bytes = loop_bytes(t);
    LLVMValueRef at = address(e, of(e, in->args[0]), of(e, in->args[1]), bytes);
    return as_value(e, load_scalar(e, memory_type(e, t), at, bytes, in->nargs > 2 ? of(e, in->args[2]) : NULL), t);
}

/* A tail of one lane, known here: LLVM 22 writes four bytes where such a mask of 2-byte lanes stands behind a narrowing. */
static bool first_lane_only(const LValue *mask) {
    int64_t n;
    return mask->def && mask->def->op == LOOP_lanes_below && loop_is_const(mask->def->args[0], &n) && n == 1;
}

static void store(Emit *e, const LInst *in) {
    LType t = in->args[0]->type;
    int bytes = loop_bytes(t);
    LLVMValueRef x = as_memory(e, of(e, in->args[0]), t), ptr = of(e, in->args[1]), index = of(e, in->args[2]);
    LLVMValueRef mask = in->nargs > 3 ? of(e, in->args[3]) : NULL;
    if (t.lanes > 1 && in->n != 1 && !mask && bytes >= 4 && t.lanes <= 16) {
        for (int k = 0; k < t.lanes; k++) {
            LLVMValueRef at = LLVMBuildAdd(e->b, index, int_const(e->i64, k * in->n), "");
            store_to(e, LLVMBuildExtractElement(e->b, x, int_const(e->i32, k), ""), address(e, ptr, at, bytes), bytes);
        }
        return;
    }
    if (t.lanes > 1 && in->n != 1) {
        LLVMValueRef at = address(e, ptr, strided(e, index, in->n, t.lanes), bytes);
        masked_scatter(e, x, at, bytes, mask ? mask : all_lanes(e, t.lanes));
        return;
    }
    LLVMValueRef at = address(e, ptr, index, bytes);
    if (t.lanes == 1) {
        store_scalar(e, x, at, bytes, mask);
    } else if (mask && first_lane_only(in->args[3])) {
        store_scalar(e, LLVMBuildExtractElement(e->b, x, int_const(e->i32, 0), ""), at, bytes, NULL);
    } else if (mask) {
        LLVMValueRef whole = whole_vector(e, in->args[3]);
        if (whole) {
            Sides s = sides(e, whole);
            store_to(e, x, at, bytes);
            next_side(e, s.part, s.after);
            masked_store(e, x, at, bytes, mask);
            next_side(e, s.after, s.after);
        } else {
            masked_store(e, x, at, bytes, mask);
        }
    } else {
        LLVMValueRef s = store_to(e, x, at, bytes);
        if (in->m == 1) { /* past the caches */
            LLVMMetadataRef one = LLVMValueAsMetadata(LLVMConstInt(e->i32, 1, false));
            LLVMMetadataRef node = LLVMMDNodeInContext2(e->llvm, &one, 1);
            LLVMSetAlignment(s, (unsigned)(bytes * t.lanes));
            LLVMSetMetadata(s, LLVMGetMDKindIDInContext(e->llvm, "nontemporal", 11),
                            LLVMMetadataAsValue(e->llvm, node));
        }
    }
}

static LLVMValueRef gather(Emit *e, const LInst *in) {
    LType t = in->results[0]->type;
    int bytes = loop_bytes(t);
    LLVMTypeRef m = memory_type(e, t);
    LLVMValueRef at = address(e, of(e, in->args[0]), of(e, in->args[1]), bytes),
                 mask = in->nargs > 2 ? of(e, in->args[2]) : NULL;
    if (t.lanes == 1) return as_value(e, load_scalar(e, m, at, bytes, mask), t);
    return as_value(e, masked_gather(e, m, at, bytes, mask ? mask : all_lanes(e, t.lanes)), t);
}

static void scatter(Emit *e, const LInst *in) {
    LType t = in->args[0]->type;
    int bytes = loop_bytes(t);
    LLVMValueRef x = as_memory(e, of(e, in->args[0]), t), mask = in->nargs > 3 ? of(e, in->args[3]) : NULL;
    LLVMValueRef at = address(e, of(e, in->args[1]), of(e, in->args[2]), bytes);
    if (t.lanes == 1)
        store_scalar(e, x, at, bytes, mask);
    else
        masked_scatter(e, x, at, bytes, mask ? mask : all_lanes(e, t.lanes));
}

static void prefetch(Emit *e, const LInst *in) {
    LLVMTypeRef t = e->ptr;
    LLVMValueRef args[] = { byte_offset(e, of(e, in->args[0]), of(e, in->args[1])),
                            LLVMConstInt(e->i32, in->m == 1, false), LLVMConstInt(e->i32, 3, false),
                            LLVMConstInt(e->i32, 1, false) };
    intrinsic(e, "llvm.prefetch", 1, &t, 4, args);
}

/* An empty piece of assembly that may read anything. */
static void keep(Emit *e, LLVMValueRef ptr) {
    static char constraints[] = "r,~{memory}", code[] = "";
    LLVMTypeRef type = LLVMFunctionType(e->none, &e->ptr, 1, false);
    LLVMValueRef it = LLVMGetInlineAsm(type, code, 0, constraints, sizeof constraints - 1, true, false,
                                       LLVMInlineAsmDialectATT, false);
    LLVMBuildCall2(e->b, type, it, &ptr, 1, "");
}

LLVMValueRef memory_inst(Emit *e, const LInst *in) {
    switch (in->op) {
    case LOOP_load: return load(e, in);
    case LOOP_store: store(e, in); return NULL;
    case LOOP_gather: return gather(e, in);
    case LOOP_scatter: scatter(e, in); return NULL;
    case LOOP_at: return address(e, of(e, in->args[0]), of(e, in->args[1]), in->n);
    case LOOP_stack: return stack_place(e, in->n, in->m ? (int)in->m : 1);
    case LOOP_copy:
        LLVMBuildMemCpy(e->b, of(e, in->args[0]), 1, of(e, in->args[1]), 1, of(e, in->args[2]));
        return NULL;
    case LOOP_clear:
        LLVMBuildMemSet(e->b, of(e, in->args[0]), LLVMConstInt(e->i8, 0, false), of(e, in->args[1]), 1);
        return NULL;
    case LOOP_keep: keep(e, of(e, in->args[0])); return NULL;
    case LOOP_prefetch: prefetch(e, in); return NULL;
    default: bug(e->cx, "%s is not about memory", loop_op_name(in->op));
    }
}
