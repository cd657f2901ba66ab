/* math: the table of elementary functions, and the few operations they are written in. */
#include "loop/math.h"

static const struct {
    Op op;
    LValue *(*one)(const Math *, LValue *);
    LValue *(*two)(const Math *, LValue *, LValue *);
} functions[] = {
    { OP_exp, math_exp, NULL },         { OP_exp2, math_exp2, NULL },         { OP_expm1, math_expm1, NULL },
    { OP_log, math_log, NULL },         { OP_log2, math_log2, NULL },         { OP_log1p, math_log1p, NULL },
    { OP_sin, math_sin, NULL },         { OP_cos, math_cos, NULL },           { OP_tan, math_tan, NULL },
    { OP_asin, math_asin, NULL },       { OP_acos, math_acos, NULL },         { OP_atan, math_atan, NULL },
    { OP_atan2, NULL, math_atan2 },     { OP_sinh, math_sinh, NULL },         { OP_cosh, math_cosh, NULL },
    { OP_tanh, math_tanh, NULL },       { OP_asinh, math_asinh, NULL },       { OP_acosh, math_acosh, NULL },
    { OP_atanh, math_atanh, NULL },     { OP_logistic, math_logistic, NULL }, { OP_erf, math_erf, NULL },
    { OP_erfc, math_erfc, NULL },       { OP_erf_inv, math_erf_inv, NULL },   { OP_lgamma, math_lgamma, NULL },
    { OP_digamma, math_digamma, NULL }, { OP_pow, NULL, math_pow },           { OP_cbrt, math_cbrt, NULL },
    { OP_rsqrt, math_rsqrt, NULL },     { OP_rem, NULL, math_rem },
};

LValue *math_apply(LBuilder *b, Op op, LValue *const *args) {
    for (int i = 0; i < COUNT(functions); i++) {
        if (functions[i].op != op) continue;
        Math m = math_of(b, args[0]->type);
        return functions[i].one ? functions[i].one(&m, args[0]) : functions[i].two(&m, args[0], args[1]);
    }
    return NULL;
}

Math math_of(LBuilder *b, LType t) {
    bool wide = t.dtype == DT_f64;
    return (Math){ .b = b,
                   .type = t,
                   .bits = loop_type(wide ? DT_i64 : DT_i32, t.lanes),
                   .wide = wide,
                   .fused = b->module->target->fma,
                   .fraction = wide ? 52 : 23,
                   .bias = wide ? 1023 : 127,
                   .magic = wide ? 0x1.8p52 : 0x1.8p23 };
}

enum { MAX_TERMS = 32 };

LValue *num(const Math *m, double x) { return loop_real(m->b, m->type, x); }
LValue *bits_num(const Math *m, int64_t x) { return loop_int(m->b, m->bits, x); }
LValue *as_bits(const Math *m, LValue *x) { return loop_bitcast(m->b, x, (DType)m->bits.dtype); }
LValue *as_float(const Math *m, LValue *x) { return loop_bitcast(m->b, x, (DType)m->type.dtype); }
LValue *neg(const Math *m, LValue *x) { return loop_unary(m->b, OP_neg, x); }
LValue *absolute(const Math *m, LValue *x) { return loop_unary(m->b, OP_abs, x); }
LValue *add(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_add, x, y); }
LValue *sub(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_sub, x, y); }
LValue *mul(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_mul, x, y); }
LValue *quotient(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_div, x, y); }
LValue *mul_add(const Math *m, LValue *x, LValue *y, LValue *z) { return loop_fma(m->b, x, y, z); }
LValue *add_num(const Math *m, LValue *x, double y) { return add(m, x, num(m, y)); }
LValue *mul_num(const Math *m, LValue *x, double y) { return mul(m, x, num(m, y)); }
LValue *square_root(const Math *m, LValue *x) { return loop_unary(m->b, OP_sqrt, x); }
LValue *lt(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_lt, x, y); }
LValue *eq(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_eq, x, y); }
LValue *below(const Math *m, LValue *x, double y) { return lt(m, x, num(m, y)); }
LValue *above(const Math *m, LValue *x, double y) { return lt(m, num(m, y), x); }
LValue *both(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_and, x, y); }
LValue *either(const Math *m, LValue *x, LValue *y) { return loop_binary(m->b, OP_or, x, y); }
LValue *opposite(const Math *m, LValue *x) { return loop_unary(m->b, OP_not, x); }
LValue *pick(const Math *m, LValue *c, LValue *x, LValue *y) { return loop_select(m->b, c, x, y); }

LValue *clamp(const Math *m, LValue *x, double low, double high) {
    x = pick(m, below(m, x, low), num(m, low), x);
    return pick(m, above(m, x, high), num(m, high), x);
}

LValue *with_sign_of(const Math *m, LValue *x, LValue *sign) {
    LValue *top = loop_binary(m->b, OP_and, as_bits(m, sign), bits_num(m, m->wide ? INT64_MIN : INT32_MIN));
    return as_float(m, loop_binary(m->b, OP_or, as_bits(m, x), top));
}

LValue *poly_of(const Math *m, LValue *x, LValue **c, int n) {
    while (n >= 6) {
        for (int i = 0; i < n; i += 2) c[i / 2] = i + 1 < n ? mul_add(m, c[i + 1], x, c[i]) : c[i];
        x = mul(m, x, x);
        n = (n + 1) / 2;
    }
    LValue *y = c[n - 1];
    for (int i = n - 2; i >= 0; i--) y = mul_add(m, y, x, c[i]);
    return y;
}

LValue *poly(const Math *m, LValue *x, const double *c, int n) {
    LValue *terms[MAX_TERMS] = { 0 };
    for (int i = 0; i < n; i++) terms[i] = num(m, c[i]);
    return poly_of(m, x, terms, n);
}

LValue *table_entry(const Math *m, LValue *which, const double *table, int n) {
    return loop_lookup(m->b, (DType)m->type.dtype, which, table, n);
}

LValue *poly_of_rows(const Math *m, LValue *t, LValue *which, const double (*rows)[16], int n, int stretches) {
    DType dtype = (DType)m->type.dtype;
    LValue *square = mul(m, t, t), *y = NULL;
    for (int i = n - 1; i > 0 && m->wide; i -= 2) {
        LValue *high = loop_lookup(m->b, dtype, which, rows[i], stretches);
        LValue *low = loop_lookup(m->b, dtype, which, rows[i - 1], stretches), *pair = mul_add(m, high, t, low);
        y = y ? mul_add(m, y, square, pair) : pair;
    }
    for (int i = m->wide ? n % 2 - 1 : n - 1; i >= 0; i--) {
        LValue *c = loop_lookup(m->b, dtype, which, rows[i], stretches);
        y = y ? mul_add(m, y, t, c) : c;
    }
    return y;
}

LValue *piecewise(const Math *m, LValue *x, const Pieces *p) {
    DType dtype = (DType)m->type.dtype;
    int shift = m->fraction - p->digits;
    int32_t narrow;
    int64_t first;
    element_set_real(DT_f32, &narrow, p->first);
    element_set_real(DT_f64, &first, p->first);
    if (!m->wide) first = narrow;
    x = pick(m, above(m, x, p->last - p->more), num(m, p->last - p->more), x);
    LValue *at = p->more != 0 ? add_num(m, x, p->more) : x;
    LValue *which = loop_binary(m->b, OP_shift_right_logical, as_bits(m, at), bits_num(m, shift));
    which = loop_binary(m->b, OP_sub, which, bits_num(m, (first >> shift) - 1));
    if (p->more == 0) which = loop_binary(m->b, OP_max, which, bits_num(m, 0));
    LValue *centre = loop_lookup(m->b, dtype, which, p->rows[0], p->stretches);
    LValue *v = loop_lookup(m->b, dtype, which, p->rows[1], p->stretches), *t = sub(m, x, centre);
    if (p->odd) v = pick(m, loop_binary(m->b, OP_eq, which, bits_num(m, 0)), t, v);
    return mul_add(m, t, poly_of_rows(m, t, which, p->rows + 2, p->nrows - 2, p->stretches), v);
}

LValue *to_integer(const Math *m, LValue *x) { return add_num(m, add_num(m, x, m->magic), -m->magic); }

/* The integer stands in the lowest bits of n + magic; what is above them is shifted out. */
LValue *power_of_two(const Math *m, LValue *n) {
    if (m->b->module->target->parts) return loop_scale(m->b, num(m, 1), n);
    LValue *bits = as_bits(m, add_num(m, n, m->magic));
    bits = loop_binary(m->b, OP_shift_left, bits, bits_num(m, m->fraction));
    return as_float(m, loop_binary(m->b, OP_add, bits, bits_num(m, (int64_t)m->bias << m->fraction)));
}

/* Halves of a number with as many zeros behind them that their products are exact. */
static Double split(const Math *m, LValue *x) {
    LValue *c = mul_num(m, x, m->wide ? 0x1p27 + 1 : 0x1p12 + 1), *hi = sub(m, c, sub(m, c, x));
    return (Double){ hi, sub(m, x, hi) };
}

Double exact_product(const Math *m, LValue *x, LValue *y) {
    LValue *p = mul(m, x, y);
    if (m->fused) return (Double){ p, mul_add(m, x, y, neg(m, p)) };
    Double a = split(m, x), b = split(m, y);
    LValue *rest = sub(m, mul(m, a.hi, b.hi), p);
    rest = add(m, rest, mul(m, a.hi, b.lo));
    rest = add(m, rest, mul(m, a.lo, b.hi));
    return (Double){ p, add(m, rest, mul(m, a.lo, b.lo)) };
}

LValue *product_plus(const Math *m, LValue *x, LValue *y, LValue *z) {
    if (m->fused) return mul_add(m, x, y, z);
    Double p = exact_product(m, x, y);
    return add(m, add(m, p.hi, z), p.lo);
}

Double exact_sum(const Math *m, LValue *x, LValue *y) {
    LValue *s = add(m, x, y), *t = sub(m, s, x);
    return (Double){ s, add(m, sub(m, x, sub(m, s, t)), sub(m, y, t)) };
}

Double ordered_sum(const Math *m, LValue *larger, LValue *smaller) {
    LValue *s = add(m, larger, smaller);
    return (Double){ s, sub(m, smaller, sub(m, s, larger)) };
}

LValue *less_product(const Math *m, LValue *x, LValue *n, double part) {
    if (m->fused) return mul_add(m, n, num(m, -part), x);
    Double p = exact_product(m, n, num(m, part));
    return sub(m, sub(m, x, p.hi), p.lo);
}
