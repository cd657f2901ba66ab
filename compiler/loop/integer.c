/* integer: powers by repeated multiplication, and Python's integers, which do not wrap. */
#include "loop/lower.h"

/* x**n for a constant n, by squaring; a negative power is one over it. */
static Elem times(Lower *l, Elem x, Elem y) {
    LBuilder *b = &l->b;
    DType d = (DType)x.re->type.dtype;
    bool half = d == DT_f16 || d == DT_bf16;
    if (!x.im) {
        LValue *v[] = { x.re, y.re };
        return (Elem){ half ? loop_apply(b, OP_mul, 2, v) : loop_mul(b, x.re, y.re), NULL };
    }
    return complex_mul(l, x, y);
}

Elem elem_integer_pow(Lower *l, Elem x, int64_t n) {
    LBuilder *b = &l->b;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    LValue *one = loop_int(b, x.re->type, 1);
    Elem y = { one, x.im ? loop_int(b, x.re->type, 0) : NULL };
    bool any = false;
    for (Elem square = x; rest; rest >>= 1) {
        if (rest & 1) y = any ? times(l, y, square) : square;
        any |= rest & 1;
        if (rest > 1) square = times(l, square, square);
    }
    if (n >= 0) return y;
    Elem unit = { one, x.im ? loop_int(b, x.re->type, 0) : NULL };
    if (x.im) return complex_div(l, unit, y);
    return (Elem){ loop_apply(b, OP_div, 2, (LValue *[]){ one, y.re }), NULL };
}

/* x**y on integers that wrap: while a lane has bits of y left.  Below 0 only 1 and -1 have a power that is not 0. */
LValue *integer_pow(LBuilder *b, LValue *x, LValue *y) {
    DType d = (DType)x->type.dtype;
    LValue *zero = loop_int(b, x->type, 0), *one = loop_int(b, x->type, 1);
    LValue *init[] = { loop_splat(b, one, x->type.lanes), x, y };
    LLoop l = loop_while(b, 3, init);
    LValue *more = loop_any(b, loop_binary(b, OP_ne, l.carry[2], zero));
    loop_while_body(b, &l, more);
    LValue *odd = loop_binary(b, OP_ne, loop_binary(b, OP_and, l.carry[2], one), zero);
    LValue *next[] = { loop_select(b, odd, loop_mul(b, l.carry[0], l.carry[1]), l.carry[0]),
                       loop_mul(b, l.carry[1], l.carry[1]), loop_binary(b, OP_shift_right_logical, l.carry[2], one) };
    loop_end(b, &l, next);
    if (dtype_kind(d) == KIND_UNSIGNED) return l.carry[0];
    LValue *minus = loop_int(b, x->type, -1);
    LValue *odd_y = loop_binary(b, OP_ne, loop_binary(b, OP_and, y, one), zero);
    LValue *below = loop_select(b, loop_binary(b, OP_eq, x, minus), loop_select(b, odd_y, minus, one), zero);
    below = loop_select(b, loop_binary(b, OP_eq, x, one), one, below);
    return loop_select(b, loop_binary(b, OP_lt, y, zero), below, l.carry[0]);
}

static void trap_where(Lower *l, LValue *bad, LValue *live, const Inst *in, const char *what) {
    LBuilder *b = &l->b;
    int64_t known;
    if (live) bad = loop_binary(b, OP_and, bad, loop_splat(b, live, bad->type.lanes));
    if (loop_is_const(bad, &known) && !known) return;
    LLoop f = loop_if_rare(b, loop_any(b, bad));
    lower_fail(l, arena_text(l->arena, "%s%s", lower_where(l, in), what), NULL, 0);
    loop_end_then(b, &f);
}

static const char too_big[] = "an integer does not fit into 64 bits";

static LValue *python_divide(Lower *l, const Inst *in, LValue *x, LValue *y, LValue *live) {
    LBuilder *b = &l->b;
    LValue *zero = loop_int(b, x->type, 0), *one = loop_int(b, x->type, 1), *minus = loop_int(b, x->type, -1);
    LValue *by_zero = loop_binary(b, OP_eq, y, zero), *by_minus = loop_binary(b, OP_eq, y, minus);
    trap_where(l, by_zero, live, in, "integer division or modulo by zero");
    if (in->op == OP_int_floordiv) {
        LValue *least = loop_binary(b, OP_eq, x, loop_int(b, x->type, INT64_MIN));
        trap_where(l, loop_binary(b, OP_and, least, by_minus), live, in, too_big);
    }
    LValue *safe = loop_select(b, loop_binary(b, OP_or, by_zero, by_minus), one, y);
    LValue *q = loop_select(b, by_minus, loop_unary(b, OP_neg, x), loop_binary(b, OP_div, x, safe));
    LValue *r = loop_binary(b, OP_rem, x, safe); /* 0 where y is -1, as x % 1 is */
    LValue *signs = loop_binary(b, OP_lt, loop_binary(b, OP_xor, r, y), zero);
    LValue *adjust = loop_binary(b, OP_and, signs, loop_binary(b, OP_ne, r, zero));
    if (in->op == OP_int_floordiv) return loop_select(b, adjust, loop_sub(b, q, one), q);
    return loop_select(b, adjust, loop_add(b, r, y), r);
}

/* The square is looked at only while another factor needs it. */
static LValue *python_pow(Lower *l, const Inst *in, LValue *x, LValue *y, LValue *live) {
    LBuilder *b = &l->b;
    LValue *zero = loop_int(b, x->type, 0), *one = loop_int(b, x->type, 1);
    trap_where(l, loop_binary(b, OP_lt, y, zero), live, in, "a negative power of an integer is not an integer");
    LValue *init[] = { loop_splat(b, one, x->type.lanes), x, y, loop_binary(b, OP_ne, x, x) };
    LLoop w = loop_while(b, 4, init);
    LValue *more = loop_any(b, loop_binary(b, OP_gt, w.carry[2], zero));
    loop_while_body(b, &w, more);
    LValue *power = w.carry[0], *square = w.carry[1], *rest = w.carry[2];
    LValue *odd = loop_binary(b, OP_ne, loop_binary(b, OP_and, rest, one), zero);
    odd = loop_binary(b, OP_and, odd, loop_binary(b, OP_gt, rest, zero));
    LValue *on = loop_binary(b, OP_gt, rest, one);
    LValue *bad =
        loop_binary(b, OP_or, w.carry[3], loop_binary(b, OP_and, odd, loop_overflows(b, OP_mul, power, square)));
    bad = loop_binary(b, OP_or, bad, loop_binary(b, OP_and, on, loop_overflows(b, OP_mul, square, square)));
    LValue *next[] = { loop_select(b, odd, loop_mul(b, power, square), power), loop_mul(b, square, square),
                       loop_binary(b, OP_shift_right_arithmetic, rest, one), bad };
    loop_end(b, &w, next);
    trap_where(l, w.carry[3], live, in, too_big);
    return w.carry[0];
}

LValue *python_int(Lower *l, const Inst *in, LValue *x, LValue *y, LValue *live) {
    LBuilder *b = &l->b;
    int lanes = x->type.lanes > y->type.lanes ? x->type.lanes : y->type.lanes;
    x = loop_splat(b, x, lanes);
    y = loop_splat(b, y, lanes);
    Op plain = in->op == OP_int_add ? OP_add : in->op == OP_int_sub ? OP_sub : OP_mul;
    switch ((int)in->op) {
    case OP_int_floordiv:
    case OP_int_mod: return python_divide(l, in, x, y, live);
    case OP_int_pow: return python_pow(l, in, x, y, live);
    default: {
        LValue *z = loop_binary(b, plain, x, y);
        if (!loop_is_const(z, NULL)) trap_where(l, loop_overflows(b, plain, x, y), live, in, too_big);
        return z;
    }
    }
}
