/* scalar: every elementwise operation on real dtypes, in terms of the few that `apply` must do (loop.h).
**
** Works lane by lane on vectors of any width; what it makes does not depend on the number of lanes. */
#include "loop/loop.h"

static bool is_half(DType d) { return d == DT_f16 || d == DT_bf16; }

static LValue *like(LBuilder *b, const LValue *x, int64_t n) { return loop_int(b, x->type, n); }

/* In the dtype's own bits: all but the sign. */
static int64_t smallest(DType d) { return (int64_t)(~0ull << (dtype_bytes(d) * 8 - 1)); }

static DType bits_of(DType d) {
    switch (dtype_bytes(d)) {
    case 1: return DT_i8;
    case 2: return DT_i16;
    case 4: return DT_i32;
    default: return DT_i64;
    }
}

/* x / 0 is -1 and x % 0 is x; the smallest over -1 wraps to itself, with remainder 0. */
static LValue *integer_divide(LBuilder *b, Op op, LValue *x, LValue *y) {
    DType d = (DType)x->type.dtype;
    int64_t known;
    if (loop_is_const(y, &known) && known && element_int(d, &known) != -1) return loop_binary(b, op, x, y);
    LValue *zero = loop_binary(b, OP_eq, y, like(b, y, 0)), *one = like(b, y, 1);
    LValue *bad = zero;
    if (dtype_kind(d) == KIND_SIGNED) {
        LValue *minus = loop_binary(b, OP_eq, y, like(b, y, -1));
        LValue *wraps = loop_binary(b, OP_and, minus, loop_binary(b, OP_eq, x, like(b, x, smallest(d))));
        bad = loop_binary(b, OP_or, zero, wraps);
    }
    LValue *safe = loop_binary(b, op, x, loop_select(b, bad, one, y)); /* x / 1 is x, as the smallest over -1 is */
    return loop_select(b, zero, op == OP_div ? like(b, x, -1) : x, safe);
}

/* x % c compared with 0: what c divides, and nothing else, is small when divided by c in the ring of the machine's numbers,
** that is, multiplied by the inverse of its odd part; an even part goes round to the top.  NULL where it is something else. */
static LValue *divisible(LBuilder *b, Op op, LValue *rest, LValue *zero) {
    const LInst *rem = rest->def;
    int64_t none, by;
    if (!loop_is_const(zero, &none) || none || !rem || rem->op != LOOP_apply || rem->fn != OP_rem) return NULL;
    DType d = (DType)rest->type.dtype, u = dtype_bytes(d) == 8 ? DT_u64 : DT_u32;
    int width = 8 * dtype_bytes(d), twos = 0;
    if (width < 32 || !loop_is_const(rem->args[1], &by)) return NULL;
    by = element_int(d, &by);
    if (by < 2 || !(by & (by - 1))) return NULL;
    while (!(by >> twos & 1)) twos++;
    bool is_signed = d != u;
    if (is_signed && twos) return NULL;
    uint64_t odd = (uint64_t)by >> twos, inverse = odd, most = UINT64_MAX >> (64 - width + is_signed);
    for (int i = 0; i < 5; i++) inverse *= 2 - odd * inverse;
    LValue *q = loop_bitcast(b, rem->args[0], u);
    q = loop_mul(b, q, like(b, q, (int64_t)inverse));
    if (is_signed) q = loop_add(b, q, like(b, q, (int64_t)(most / (uint64_t)by)));
    if (twos) {
        LValue *down = loop_binary(b, OP_shift_right_logical, q, like(b, q, twos));
        q = loop_binary(b, OP_or, down, loop_binary(b, OP_shift_left, q, like(b, q, width - twos)));
    }
    LValue *last = like(b, q, (int64_t)(most / (uint64_t)by * (is_signed ? 2 : 1)));
    return loop_binary(b, op == OP_eq ? OP_le : OP_gt, q, last);
}

static LValue *shift(LBuilder *b, Op op, LValue *x, LValue *y) {
    int width = loop_bytes(x->type) * 8;
    DType d = (DType)x->type.dtype;
    int64_t known;
    if (loop_is_const(y, &known) && known >= 0 && known < width) return loop_binary(b, op, x, y);
    LValue *last = like(b, y, width - 1);
    LValue *inside = loop_binary(b, OP_le, y, last);
    if (dtype_kind(d) == KIND_SIGNED) {
        inside = loop_binary(b, OP_and, inside, loop_binary(b, OP_ge, y, like(b, y, 0)));
    }
    LValue *shifted = loop_binary(b, op, x, loop_select(b, inside, y, last)); /* arithmetic: all sign from there on */
    return op == OP_shift_right_arithmetic ? shifted : loop_select(b, inside, shifted, like(b, x, 0));
}

static LValue *sign(LBuilder *b, LValue *x) {
    DType d = (DType)x->type.dtype;
    LValue *zero = like(b, x, 0), *one = like(b, x, 1);
    LValue *up = loop_binary(b, OP_gt, x, zero);
    if (d == DT_bool || dtype_kind(d) == KIND_UNSIGNED) return loop_select(b, up, one, zero);
    LValue *down = loop_binary(b, OP_lt, x, zero);
    LValue *rest = dtype_is_float(d) ? x : zero; /* both zeros and nan stay themselves */
    return loop_select(b, up, one, loop_select(b, down, like(b, x, -1), rest));
}

static LValue *is_finite(LBuilder *b, LValue *x) {
    DType d = (DType)x->type.dtype;
    if (!dtype_is_float(d)) return loop_const_bits(b, loop_type(DT_bool, x->type.lanes), 1);
    return loop_binary(b, OP_eq, loop_binary(b, OP_sub, x, x), like(b, x, 0));
}

static LValue *copysign_of(LBuilder *b, LValue *x, LValue *y) {
    DType d = (DType)x->type.dtype, i = bits_of(d);
    LValue *xi = loop_bitcast(b, x, i), *yi = loop_bitcast(b, y, i), *top = like(b, xi, smallest(i));
    LValue *size = loop_binary(b, OP_and, xi, loop_unary(b, OP_not, top));
    return loop_bitcast(b, loop_binary(b, OP_or, size, loop_binary(b, OP_and, yi, top)), d);
}

/* Floats are ordered as their bits are, away from zero. */
static LValue *nextafter_of(LBuilder *b, LValue *x, LValue *y) {
    DType d = (DType)x->type.dtype, i = bits_of(d);
    LValue *xi = loop_bitcast(b, x, i), *one = like(b, xi, 1);
    LValue *wide_x = is_half(d) ? loop_convert(b, x, DT_f32) : x, *wide_y = is_half(d) ? loop_convert(b, y, DT_f32) : y;
    LValue *zero = like(b, wide_x, 0);
    LValue *up = loop_binary(b, OP_lt, wide_x, wide_y), *positive = loop_binary(b, OP_gt, wide_x, zero);
    LValue *away = loop_binary(b, OP_eq, up, positive);
    LValue *moved = loop_select(b, away, loop_add(b, xi, one), loop_sub(b, xi, one));
    LValue *tiny = loop_select(b, up, one, loop_binary(b, OP_or, one, like(b, xi, smallest(i))));
    LValue *next = loop_select(b, loop_binary(b, OP_eq, wide_x, zero), tiny, moved);
    next = loop_bitcast(b, next, d);
    next = loop_select(b, loop_binary(b, OP_eq, wide_x, wide_y), y, next);
    LValue *nan_y = loop_binary(b, OP_ne, wide_y, wide_y), *nan_x = loop_binary(b, OP_ne, wide_x, wide_x);
    return loop_select(b, nan_x, x, loop_select(b, nan_y, y, next));
}

/* Bools as numbers: add is or, mul is and; an order of false before true. */
static LValue *on_bools(LBuilder *b, Op op, LValue *const *x) {
    switch ((int)op) {
    case OP_add:
    case OP_max: return loop_binary(b, OP_or, x[0], x[1]);
    case OP_mul:
    case OP_min: return loop_binary(b, OP_and, x[0], x[1]);
    case OP_sub:
    case OP_ne: return loop_binary(b, OP_xor, x[0], x[1]);
    case OP_eq: return loop_unary(b, OP_not, loop_binary(b, OP_xor, x[0], x[1]));
    case OP_lt: return loop_binary(b, OP_and, loop_unary(b, OP_not, x[0]), x[1]);
    case OP_gt: return loop_binary(b, OP_and, loop_unary(b, OP_not, x[1]), x[0]);
    case OP_le: return loop_binary(b, OP_or, loop_unary(b, OP_not, x[0]), x[1]);
    case OP_ge: return loop_binary(b, OP_or, loop_unary(b, OP_not, x[1]), x[0]);
    case OP_abs:
    case OP_sign: return x[0];
    default: return NULL;
    }
}

static bool is_comparison(Op op) {
    return op == OP_eq || op == OP_ne || op == OP_lt || op == OP_le || op == OP_gt || op == OP_ge;
}

/* Halves are computed as f32 and rounded: each operation once more than the machine would, never less exactly. */
static LValue *on_halves(LBuilder *b, Op op, int nargs, LValue *const *args) {
    DType half = (DType)args[nargs - 1]->type.dtype;
    if (op == OP_select) return loop_select(b, args[0], args[1], args[2]);
    if (op == OP_nextafter) return nextafter_of(b, args[0], args[1]);
    LValue *wide[3];
    for (int i = 0; i < nargs; i++) wide[i] = loop_convert(b, args[i], DT_f32);
    LValue *y = loop_apply(b, op, nargs, wide);
    return y->type.dtype == DT_f32 ? loop_convert(b, y, half) : y;
}

static void same_lanes(LBuilder *b, int n, LValue *const *args, LValue **x) {
    int lanes = 1;
    for (int i = 0; i < n; i++) lanes = args[i]->type.lanes > lanes ? args[i]->type.lanes : lanes;
    for (int i = 0; i < n; i++) x[i] = loop_splat(b, args[i], lanes);
}

LValue *loop_apply(LBuilder *b, Op op, int nargs, LValue *const *args) {
    LValue *x[3], *y;
    same_lanes(b, nargs, args, x);
    DType d = (DType)x[nargs - 1]->type.dtype;
    if (is_half(d)) return on_halves(b, op, nargs, x);
    if (d == DT_bool && op != OP_select && (y = on_bools(b, op, x))) return y;
    switch ((int)op) {
    case OP_select: return loop_select(b, x[0], x[1], x[2]);
    case OP_stop_gradient:
    case OP_real:
    case OP_conj: return x[0];
    case OP_imag: return like(b, x[0], 0);
    case OP_sign: return sign(b, x[0]);
    case OP_is_finite: return is_finite(b, x[0]);
    case OP_copysign: return copysign_of(b, x[0], x[1]);
    case OP_nextafter: return nextafter_of(b, x[0], x[1]);
    case OP_rsqrt: return loop_binary(b, OP_div, like(b, x[0], 1), loop_unary(b, OP_sqrt, x[0]));
    case OP_cotangent_mul: {
        LValue *zero = like(b, x[0], 0);
        return loop_select(b, loop_binary(b, OP_eq, x[0], zero), zero, loop_mul(b, x[0], x[1]));
    }
    case OP_abs:
        if (dtype_kind(d) == KIND_UNSIGNED) return x[0];
        break;
    case OP_floor:
    case OP_ceil:
    case OP_round:
    case OP_trunc:
        if (!dtype_is_float(d)) return x[0];
        break;
    case OP_fma:
        if (!dtype_is_float(d)) return loop_add(b, loop_mul(b, x[0], x[1]), x[2]);
        break;
    case OP_div:
    case OP_rem:
        if (!dtype_is_float(d)) return integer_divide(b, op, x[0], x[1]);
        break;
    case OP_eq:
    case OP_ne:
        if (dtype_is_integer(d) && (y = divisible(b, op, x[0], x[1]))) return y;
        break;
    case OP_shift_left:
    case OP_shift_right_logical:
    case OP_shift_right_arithmetic: return shift(b, op, x[0], x[1]);
    default: break;
    }
    if ((y = math_apply(b, op, x))) return y;
    return loop_plain(b, op, nargs, x, is_comparison(op) ? DT_bool : d);
}
