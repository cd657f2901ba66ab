/* log and its kin.
**
** x = 2^e m, so log(x) = e log(2) + log(m).  For f32 m is between 3/4 and 3/2, and a polynomial does: near 1, where the result is
** small, e is 0 and m - 1 is exact.  For f64, and for pow, m is between 1 and 2 and is multiplied by one of some numbers of few
** bits, which brings it near 1; their logarithms stand in a table. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* m from `least` on, of which 1 or 3/4 is subtracted from the bits to leave 0 in the exponent */
static Parts parts_of_bits(const Math *m, LValue *x, double least) {
    LBuilder *b = m->b;
    LValue *tiny = below(m, x, m->wide ? 0x1p-1022 : 0x1p-126), *from = as_bits(m, num(m, least));
    x = pick(m, tiny, mul_num(m, x, m->wide ? 0x1p54 : 0x1p25), x);
    LValue *bits = loop_binary(b, OP_sub, as_bits(m, x), from);
    /* e as a number without a conversion: its bits, kept positive by the bias, below those of 2^52 */
    LValue *e = loop_binary(b, OP_add, bits, bits_num(m, (int64_t)m->bias << m->fraction));
    e = loop_binary(b, OP_shift_right_logical, e, bits_num(m, m->fraction));
    double base = m->wide ? 0x1p52 : 0x1p23;
    e = loop_binary(b, OP_or, e, as_bits(m, num(m, base)));
    e = sub(m, as_float(m, e), pick(m, tiny, num(m, base + m->bias + (m->wide ? 54 : 25)), num(m, base + m->bias)));
    LValue *fraction = loop_binary(b, OP_and, bits, bits_num(m, ((int64_t)1 << m->fraction) - 1));
    return (Parts){ e, as_float(m, loop_binary(b, OP_add, fraction, from)) };
}

Parts math_parts(const Math *m, LValue *x) {
    if (!m->b->module->target->parts) return parts_of_bits(m, x, 0.75);
    LValue *mantissa = loop_part(m->b, LOOP_mantissa, x);
    return (Parts){ sub(m, loop_part(m->b, LOOP_exponent, x), loop_part(m->b, LOOP_exponent, mantissa)), mantissa };
}

Parts math_exponent(const Math *m, LValue *x) {
    if (!m->b->module->target->parts) return parts_of_bits(m, x, 1);
    return (Parts){ loop_part(m->b, LOOP_exponent, x), loop_part(m->b, LOOP_significand, x) };
}

/* The highest bits behind the point of a number in 1..2. */
static LValue *stretch_number(const Math *m, LValue *x) {
    return loop_binary(m->b, OP_shift_right_logical, as_bits(m, x), bits_num(m, m->fraction - (m->wide ? 4 : 5)));
}

/* The base is exact: both numbers in it end in zeros. */
Stretch math_stretch(const Math *m, Parts p) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *which = stretch_number(m, p.m);
    return (Stretch){ table_entry(m, which, TABLE(m, log_inverse)),
                      mul_add(m, p.e, num(m, ln2[0]), table_entry(m, which, TABLE(m, log_high))),
                      mul_add(m, p.e, num(m, ln2[1]), table_entry(m, which, TABLE(m, log_low))) };
}

LValue *math_above_one(const Math *m, LValue *x, LValue *inverse) {
    if (m->fused) return mul_add(m, x, inverse, num(m, -1));
    Double product = exact_product(m, x, inverse);
    return add(m, add_num(m, product.hi, -1), product.lo);
}

/* What a logarithm is where `most`, its largest part, is not finite. */
typedef struct {
    LValue *value, *most;
} Log;

/* e log(2) + log(1 + f); what e log(2) + f loses is put back. */
static Log of_parts(const Math *m, LValue *e, LValue *f) {
    LValue *most = mul_add(m, e, num(m, ln2_f32[0]), f);
    LValue *lost = sub(m, f, mul_add(m, e, num(m, -ln2_f32[0]), most));
    LValue *low = mul_add(m, e, num(m, ln2_f32[1]), lost);
    return (Log){ add(m, most, mul_add(m, mul(m, f, f), poly(m, f, log_f32, COUNT(log_f32)), low)), most };
}

/* log(1 + r) - r + more */
static LValue *wide_rest(const Math *m, LValue *r, LValue *more) {
    LValue *p = mul_add(m, r, poly(m, r, log_long_f64, COUNT(log_long_f64)), num(m, -0.5));
    return mul_add(m, mul(m, r, r), p, more);
}

/* At 0, infinity, and where there is no logarithm: where exponents may be infinite, `most` is right there and y is nan. */
static LValue *at_ends(const Math *m, LValue *x, Log y) {
    if (m->b->module->target->parts) return pick(m, loop_binary(m->b, OP_ne, y.value, y.value), y.most, y.value);
    LValue *z = pick(m, below(m, x, INFINITY), y.value, x);
    z = pick(m, below(m, x, 0), num(m, NAN), z);
    return pick(m, eq(m, x, num(m, 0)), num(m, -INFINITY), z);
}

LValue *math_log(const Math *m, LValue *x) {
    Parts p = m->wide ? math_exponent(m, x) : math_parts(m, x);
    if (!m->wide) return at_ends(m, x, of_parts(m, p.e, add_num(m, p.m, -1)));
    Stretch s = math_stretch(m, p);
    LValue *r = math_above_one(m, p.m, s.inverse);
    Double most = ordered_sum(m, s.base, r);
    LValue *rest = wide_rest(m, r, add(m, s.low, most.lo));
    return at_ends(m, x, (Log){ add(m, most.hi, rest), most.hi });
}

LValue *math_log2(const Math *m, LValue *x) {
    Parts p = m->wide ? math_exponent(m, x) : math_parts(m, x);
    double high = m->wide ? log2_e[0] : (float)log2_e[0], low = m->wide ? log2_e[1] : log2_e[0] - high;
    LValue *base = p.e, *r, *rest;
    if (m->wide) {
        LValue *which = stretch_number(m, p.m);
        base = add(m, base, table_entry(m, which, log2_high_f64, COUNT(log2_high_f64)));
        r = math_above_one(m, p.m, table_entry(m, which, log_inverse_f64, COUNT(log_inverse_f64)));
        rest = mul_add(m, r, num(m, low), table_entry(m, which, log2_low_f64, COUNT(log2_low_f64)));
    } else {
        r = add_num(m, p.m, -1);
        rest = mul_num(m, r, low);
    }
    rest = mul_add(m, mul(m, r, r), poly(m, r, TABLE(m, log2)), rest);
    LValue *near = product_plus(m, r, num(m, high), rest);
    return at_ends(m, x, (Log){ add(m, base, near), add(m, p.e, p.m) });
}

/* 2^-e, for u = 2^e m, nan where m is; where that may be too small to be made, and what u is more than x does not matter, nothing is `near`. */
static LValue *inverse_power(const Math *m, Parts p, LValue **near) {
    *near = NULL;
    if (m->b->module->target->parts) return loop_scale(m->b, num(m, 1), mul_add(m, p.m, num(m, 0), neg(m, p.e)));
    *near = below(m, p.e, 60);
    return power_of_two(m, neg(m, pick(m, *near, p.e, num(m, 0))));
}

/* log(1 + x), u = 1 + x.  2^-e (1 + x) is 2^-e x + 2^-e, rounded once, so what u loses does not matter. */
static Log log1p_parts(const Math *m, LValue *x, LValue *u) {
    Parts p = m->wide ? math_exponent(m, u) : math_parts(m, u);
    LValue *near, *s = inverse_power(m, p, &near), *far;
    Stretch stretch = { 0 };
    if (m->wide) {
        stretch = math_stretch(m, p);
        s = mul(m, s, stretch.inverse);
        far = near ? math_above_one(m, p.m, stretch.inverse) : NULL;
    } else
        far = near ? add_num(m, p.m, -1) : NULL;
    LValue *r = product_plus(m, x, s, add_num(m, s, -1));
    if (near) r = pick(m, near, r, far);
    LValue *y = m->wide ? add(m, stretch.base, add(m, r, wide_rest(m, r, stretch.low))) : of_parts(m, p.e, r).value;
    return (Log){ y, add(m, p.e, p.m) };
}

LValue *math_log1p(const Math *m, LValue *x) {
    LValue *u = add_num(m, x, 1), *y = at_ends(m, u, log1p_parts(m, x, u));
    LValue *sign = loop_binary(m->b, OP_and, as_bits(m, x), bits_num(m, m->wide ? INT64_MIN : INT32_MIN));
    return as_float(m, loop_binary(m->b, OP_or, as_bits(m, y), sign)); /* of zero */
}

/* For 0 <= x < inf. */
static LValue *log1p_within(const Math *m, LValue *x) { return log1p_parts(m, x, add_num(m, x, 1)).value; }

/* Where x x would overflow soon, asinh and acosh of x are log x + log 2: a branch that is hardly ever taken. */
static LValue *or_log_twice(const Math *m, LValue *x, LValue *y) {
    LBuilder *b = m->b;
    LValue *large = opposite(m, below(m, x, m->wide ? 1e150 : 1e18));
    LLoop c = loop_if_rare(b, loop_any(b, large));
    LValue *twice = pick(m, large, add_num(m, math_log(m, x), 0x1.62e42fefa39efp-1), y);
    loop_else(b, &c, 1, &twice);
    loop_end_if(b, &c, 1, &y);
    return c.carry[0];
}

/* log(x + sqrt(x x + 1)) = log1p(x + x x / (1 + sqrt(x x + 1))) */
LValue *math_asinh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *square = mul(m, a, a), *root = square_root(m, add_num(m, square, 1));
    LValue *t = add(m, a, quotient(m, square, add_num(m, root, 1)));
    return with_sign_of(m, or_log_twice(m, a, log1p_within(m, t)), x);
}

LValue *math_acosh(const Math *m, LValue *x) {
    LValue *t = add_num(m, x, -1);
    Double sum = ordered_sum(m, square_root(m, mul_add(m, t, t, add(m, t, t))), t);
    LValue *y =
        add(m, log1p_within(m, sum.hi), pick(m, below(m, sum.hi, 0.5), sum.lo, num(m, 0))); /* its slope is near 1 */
    return pick(m, below(m, x, 1), num(m, NAN), or_log_twice(m, x, y));
}

/* log((1 + a) / (1 - a)) / 2, with k, the power of two next to the quotient:
** log(k) / 2 + atanh(s), s = ((1 + a) - k (1 - a)) / ((1 + a) + k (1 - a)), which is a where k is 1. */
static LValue *narrow_atanh(const Math *m, LValue *a) {
    LBuilder *b = m->b;
    LValue *up = add_num(m, a, 1), *down = sub(m, num(m, 1), a);
    /* of this the exponent is less k's */
    LValue *guide = mul(m, down, mul_add(m, down, num(m, 0.835f), num(m, 0.707f)));
    LValue *k = loop_binary(b, OP_sub, bits_num(m, 0x7f7fffff), as_bits(m, guide));
    k = loop_binary(b, OP_and, k, bits_num(m, 0x7f800000));
    LValue *log_k = loop_convert(b, loop_binary(b, OP_sub, k, bits_num(m, 0x3f800000)), DT_f32); /* 2^23 log2(k) */
    LValue *base = mul_num(m, log_k, ldexp(ln2_f32[0], -24)), *low = mul_num(m, log_k, ldexp(ln2_f32[1], -24)),
           *power = as_float(m, k), *less = mul(m, power, down);
    LValue *exact = product_plus(m, a, add_num(m, power, 1), sub(m, num(m, 1), power)); /* while k + 1 is */
    LValue *s = quotient(m, pick(m, below(m, power, 0x1p20), exact, sub(m, up, less)), add(m, up, less));
    s = pick(m, eq(m, power, num(m, 1)), a, s);
    LValue *z = mul(m, s, s);
    return add(m, base, add(m, s, mul_add(m, mul(m, s, z), poly(m, z, atanh_f32, COUNT(atanh_f32)), low)));
}

/* log1p(2 a / (1 - a)) / 2 */
static LValue *wide_atanh(const Math *m, LValue *a) {
    return mul_num(m, log1p_within(m, quotient(m, add(m, a, a), sub(m, num(m, 1), a))), 0.5);
}

LValue *math_atanh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *y = m->wide ? wide_atanh(m, a) : narrow_atanh(m, a);
    LValue *edge = pick(m, eq(m, a, num(m, 1)), num(m, INFINITY), num(m, NAN));
    return with_sign_of(m, pick(m, below(m, a, 1), y, edge), x);
}
