/* values: what a builder can make without blocks: constants, vectors, arithmetic, what reads and writes memory. */
#include "loop/build.h"

/* constants */

LValue *loop_const_bits(LBuilder *b, LType type, int64_t bits) {
    int width = loop_bytes(type) * 8;
    if (type.dtype == DT_bool)
        bits = bits != 0;
    else if (width < 64)
        bits = (int64_t)((uint64_t)bits & ((1ull << width) - 1));
    return build_pure(b, (LInst){ .op = LOOP_const, .n = bits }, type, NULL, 0);
}

LValue *loop_real(LBuilder *b, LType type, double x) {
    int64_t bits = 0;
    element_set_real((DType)type.dtype, &bits, x);
    return loop_const_bits(b, type, bits);
}

LValue *loop_int(LBuilder *b, LType type, int64_t x) {
    if (dtype_is_float((DType)type.dtype)) return loop_real(b, type, (double)x);
    return loop_const_bits(b, type, x);
}

LValue *loop_i64(LBuilder *b, int64_t x) { return loop_const_bits(b, loop_type(DT_i64, 1), x); }
LValue *loop_bool(LBuilder *b, bool x) { return loop_const_bits(b, loop_type(DT_bool, 1), x); }

bool loop_is_const(const LValue *v, int64_t *bits) {
    if (!v->def || v->def->op != LOOP_const) return false;
    if (bits) *bits = v->def->n;
    return true;
}

LValue *loop_data(LBuilder *b, const void *bytes, int64_t n, int alignment) {
    void *copy = arena_copy(b->module->arena, bytes, (size_t)n);
    return build_pure(b, (LInst){ .op = LOOP_data, .n = n, .m = alignment, .bytes = copy }, loop_ptr_type(), NULL, 0);
}

LValue *loop_text(LBuilder *b, const char *text) {
    const char *name = name_of(b->module->cx, text); /* interned: equal texts are one */
    return build_pure(b, (LInst){ .op = LOOP_text, .bytes = name }, loop_ptr_type(), NULL, 0);
}

/* vectors */

LValue *loop_iota(LBuilder *b, LType type) {
    if (type.lanes == 1) return loop_int(b, type, 0);
    return build_pure(b, (LInst){ .op = LOOP_iota }, type, NULL, 0);
}

LValue *loop_splat(LBuilder *b, LValue *x, int lanes) {
    int64_t bits;
    if (lanes == x->type.lanes) return x;
    if (loop_is_const(x, &bits)) return loop_const_bits(b, loop_type((DType)x->type.dtype, lanes), bits);
    return build_pure(b, (LInst){ .op = LOOP_splat }, loop_type((DType)x->type.dtype, lanes), &x, 1);
}

LValue *loop_lane(LBuilder *b, LValue *x, int lane) {
    if (x->type.lanes == 1) return x;
    return build_pure(b, (LInst){ .op = LOOP_lane, .n = lane }, loop_type((DType)x->type.dtype, 1), &x, 1);
}

LValue *loop_insert(LBuilder *b, LValue *x, LValue *scalar, int lane) {
    return build_pure(b, (LInst){ .op = LOOP_insert, .n = lane }, x->type, (LValue *[]){ x, scalar }, 2);
}

LValue *loop_shuffle(LBuilder *b, LValue *x, LValue *y, int lanes, const int *pick) {
    LType type = loop_type((DType)x->type.dtype, lanes);
    return build_pure(b, (LInst){ .op = LOOP_shuffle, .pick = pick }, type, (LValue *[]){ x, y }, 2);
}

LValue *loop_lanes_below(LBuilder *b, LValue *count, int lanes) {
    if (lanes == 1) return loop_binary(b, OP_gt, count, loop_i64(b, 0));
    return build_pure(b, (LInst){ .op = LOOP_lanes_below }, loop_type(DT_bool, lanes), &count, 1);
}

LValue *loop_lanes_often(LBuilder *b, LValue *count, int lanes) {
    if (lanes == 1) return loop_lanes_below(b, count, lanes);
    return build_pure(b, (LInst){ .op = LOOP_lanes_below, .n = 1 }, loop_type(DT_bool, lanes), &count, 1);
}

LValue *loop_lanes_of_each(LBuilder *b, LValue *mask, int n, int64_t first, int lanes) {
    if (!mask) return NULL;
    LValue *count = loop_sub(b, loop_mul(b, mask->def->args[0], loop_i64(b, n)), loop_i64(b, first));
    return mask->def->n ? loop_lanes_often(b, count, lanes) : loop_lanes_below(b, count, lanes);
}

LValue *loop_any(LBuilder *b, LValue *x) {
    if (x->type.lanes == 1) return x;
    return build_pure(b, (LInst){ .op = LOOP_any }, loop_type(DT_bool, 1), &x, 1);
}

LValue *loop_all(LBuilder *b, LValue *x) {
    if (x->type.lanes == 1) return x;
    return build_pure(b, (LInst){ .op = LOOP_all }, loop_type(DT_bool, 1), &x, 1);
}

/* arithmetic */

/* On i64 constants, wrapping; false where it is not known here. */
static bool fold_i64(Op op, int64_t x, int64_t y, int64_t *z) {
    switch ((int)op) {
    case OP_add: *z = (int64_t)((uint64_t)x + (uint64_t)y); return true;
    case OP_sub: *z = (int64_t)((uint64_t)x - (uint64_t)y); return true;
    case OP_mul: *z = (int64_t)((uint64_t)x * (uint64_t)y); return true;
    case OP_and: *z = x & y; return true;
    case OP_max: *z = x > y ? x : y; return true;
    case OP_min: *z = x < y ? x : y; return true;
    case OP_eq: *z = x == y; return true;
    case OP_ne: *z = x != y; return true;
    case OP_lt: *z = x < y; return true;
    case OP_le: *z = x <= y; return true;
    case OP_gt: *z = x > y; return true;
    case OP_ge: *z = x >= y; return true;
    case OP_div:
    case OP_rem:
        if (!y || y == -1) return false;
        *z = op == OP_div ? x / y : x % y;
        return true;
    default: return false;
    }
}

static bool is_zero(const LValue *v) { return loop_is_const(v, NULL) && !v->def->n; }
static bool is_one(const LValue *v) { return loop_is_const(v, NULL) && v->def->n == 1; }

/* What an instruction is without computing it, or NULL. */
static LValue *folded(LBuilder *b, Op op, LValue *const *args, int nargs, LType type) {
    LValue *x = args[0], *y = nargs > 1 ? args[1] : NULL;
    int64_t i, j, k;
    if (op == OP_select && loop_is_const(x, &i)) return i ? args[1] : args[2];
    if (op == OP_select && args[1] == args[2]) return args[1];
    const LInst *made = x->def;
    if (op == OP_abs && made && made->op == LOOP_apply && made->fn == OP_neg)
        return loop_unary(b, OP_abs, made->args[0]);
    if (nargs != 2) return NULL;
    if (x->type.dtype == DT_bool && (op == OP_and || op == OP_or)) {
        if (loop_is_const(x, &i)) return (i != 0) == (op == OP_and) ? y : x;
        if (loop_is_const(y, &i)) return (i != 0) == (op == OP_and) ? x : y;
        return x == y ? x : NULL;
    }
    if (dtype_is_float((DType)x->type.dtype) || x->type.dtype == LOOP_PTR) return NULL;
    if ((op == OP_add || op == OP_or || op == OP_xor) && is_zero(x)) return y;
    if ((op == OP_add || op == OP_sub || op == OP_or || op == OP_xor) && is_zero(y)) return x;
    if (op == OP_mul && (is_one(x) || is_zero(y))) return y;
    if (op == OP_mul && (is_one(y) || is_zero(x))) return x;
    if (op == OP_div && is_one(y)) return x;
    if (x->type.dtype != DT_i64) return NULL;
    if ((op == OP_min || op == OP_max) && x == y) return x;
    if (op == OP_sub && x == y) return loop_const_bits(b, type, 0);
    if (loop_is_const(x, &i) && loop_is_const(y, &j) && fold_i64(op, i, j, &k)) return loop_const_bits(b, type, k);
    const LInst *sum = made && made->op == LOOP_apply && made->fn == OP_add ? made : NULL;
    for (int s = 0; s < 2 && sum; s++) { /* i + n - n, i - 1 + 1 */
        if (op == OP_sub && sum->args[s] == y) return sum->args[!s];
        if (op == OP_add && loop_is_const(y, &j) && loop_is_const(sum->args[s], &i) && fold_i64(OP_add, i, j, &k))
            return loop_add(b, sum->args[!s], loop_const_bits(b, type, k));
    }
    return NULL;
}

LValue *loop_plain(LBuilder *b, Op op, int nargs, LValue *const *args, DType result) {
    int lanes = 1;
    LValue *x[3];
    for (int i = 0; i < nargs; i++) lanes = args[i]->type.lanes > lanes ? args[i]->type.lanes : lanes;
    for (int i = 0; i < nargs; i++) x[i] = loop_splat(b, args[i], lanes);
    LType type = result == (DType)LOOP_PTR ? loop_ptr_type() : loop_type(result, lanes);
    LValue *simple = folded(b, op, x, nargs, type);
    if (simple) return simple;
    return build_pure(b, (LInst){ .op = LOOP_apply, .fn = op }, type, x, nargs);
}

static bool is_comparison(Op op) {
    return op == OP_eq || op == OP_ne || op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge;
}

LValue *loop_unary(LBuilder *b, Op op, LValue *x) { return loop_plain(b, op, 1, &x, (DType)x->type.dtype); }

LValue *loop_binary(LBuilder *b, Op op, LValue *x, LValue *y) {
    return loop_plain(b, op, 2, (LValue *[]){ x, y }, is_comparison(op) ? DT_bool : (DType)x->type.dtype);
}

LValue *loop_select(LBuilder *b, LValue *c, LValue *x, LValue *y) {
    return loop_plain(b, OP_select, 3, (LValue *[]){ c, x, y }, (DType)x->type.dtype);
}

LValue *loop_fma(LBuilder *b, LValue *x, LValue *y, LValue *z) {
    return loop_plain(b, OP_fma, 3, (LValue *[]){ x, y, z }, (DType)x->type.dtype);
}

LValue *loop_convert(LBuilder *b, LValue *x, DType dtype) {
    int64_t bits;
    if (x->type.dtype == dtype) return x;
    if (loop_is_const(x, &bits) && x->type.dtype == DT_i64) return loop_int(b, loop_type(dtype, x->type.lanes), bits);
    return loop_plain(b, OP_convert, 1, &x, dtype);
}

LValue *loop_bitcast(LBuilder *b, LValue *x, DType dtype) {
    return x->type.dtype == dtype ? x : loop_plain(b, OP_bitcast, 1, &x, dtype);
}

LValue *loop_overflows(LBuilder *b, Op op, LValue *x, LValue *y) {
    int lanes = x->type.lanes > y->type.lanes ? x->type.lanes : y->type.lanes;
    LValue *args[] = { loop_splat(b, x, lanes), loop_splat(b, y, lanes) };
    return build_pure(b, (LInst){ .op = LOOP_overflows, .fn = op }, loop_type(DT_bool, lanes), args, 2);
}

LValue *loop_scale(LBuilder *b, LValue *x, LValue *exponent) {
    return build_pure(b, (LInst){ .op = LOOP_scale }, x->type, (LValue *[]){ x, exponent }, 2);
}

LValue *loop_part(LBuilder *b, LOp op, LValue *x) { return build_pure(b, (LInst){ .op = op }, x->type, &x, 1); }

LValue *loop_lookup(LBuilder *b, DType dtype, LValue *index, const double *table, int n) {
    LType type = loop_type(dtype, index->type.lanes);
    return build_pure(b, (LInst){ .op = LOOP_lookup, .bytes = table, .n = n }, type, &index, 1);
}

LValue *loop_add(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_add, x, y); }
LValue *loop_sub(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_sub, x, y); }
LValue *loop_mul(LBuilder *b, LValue *x, LValue *y) { return loop_binary(b, OP_mul, x, y); }

/* memory */

LValue *loop_load(LBuilder *b, LType type, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    LInst *in = build_append(b, LOOP_load, (LValue *[]){ ptr, index, mask }, mask ? 3 : 2, stride, 0);
    return build_result(b, in, b->block, type);
}

LValue *loop_load_fixed(LBuilder *b, LType type, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    LInst shape = { .op = LOOP_load, .n = stride };
    return build_pure(b, shape, type, (LValue *[]){ ptr, index, mask }, mask ? 3 : 2);
}

void loop_store(LBuilder *b, LValue *x, LValue *ptr, LValue *index, int64_t stride, LValue *mask) {
    build_append(b, LOOP_store, (LValue *[]){ x, ptr, index, mask }, mask ? 4 : 3, stride, 0);
}

LValue *loop_gather(LBuilder *b, LType type, LValue *ptr, LValue *indices, LValue *mask) {
    LInst *in = build_append(b, LOOP_gather, (LValue *[]){ ptr, indices, mask }, mask ? 3 : 2, 0, 0);
    return build_result(b, in, b->block, type);
}

LValue *loop_gather_fixed(LBuilder *b, LType type, LValue *ptr, LValue *indices, LValue *mask) {
    return build_pure(b, (LInst){ .op = LOOP_gather }, type, (LValue *[]){ ptr, indices, mask }, mask ? 3 : 2);
}

void loop_scatter(LBuilder *b, LValue *x, LValue *ptr, LValue *indices, LValue *mask) {
    build_append(b, LOOP_scatter, (LValue *[]){ x, ptr, indices, mask }, mask ? 4 : 3, 0, 0);
}

LValue *loop_at(LBuilder *b, LValue *ptr, LValue *index, int64_t bytes) {
    if (is_zero(index)) return ptr;
    return build_pure(b, (LInst){ .op = LOOP_at, .n = bytes }, loop_ptr_type(), (LValue *[]){ ptr, index }, 2);
}

/* One place for each call of it here: never shared. */
LValue *loop_stack(LBuilder *b, int64_t bytes, int alignment) {
    LInst *in = build_append(b, LOOP_stack, NULL, 0, bytes, alignment);
    return build_result(b, in, b->block, loop_ptr_type());
}

LValue *loop_alloc(LBuilder *b, LValue *bytes) { return loop_runtime(b, RUNTIME_alloc, &bytes, 1); }
void loop_release(LBuilder *b, LValue *ptr) { loop_runtime(b, RUNTIME_release, &ptr, 1); }

void loop_copy(LBuilder *b, LValue *to, LValue *from, LValue *bytes) {
    if (to != from && !is_zero(bytes)) build_append(b, LOOP_copy, (LValue *[]){ to, from, bytes }, 3, 0, 0);
}

void loop_clear(LBuilder *b, LValue *to, LValue *bytes) {
    build_append(b, LOOP_clear, (LValue *[]){ to, bytes }, 2, 0, 0);
}

void loop_keep(LBuilder *b, LValue *ptr) { build_append(b, LOOP_keep, &ptr, 1, 0, 0); }

void loop_prefetch(LBuilder *b, LValue *ptr, LValue *byte, bool write) {
    build_append(b, LOOP_prefetch, (LValue *[]){ ptr, byte }, 2, 0, write);
}
