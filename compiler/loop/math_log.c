/* log and its kin.
**
** x = 2^e m with m between 3/4 and 3/2, so log(x) = e log(2) + log(1 + f), where f = m - 1 is exact: near 1, where the result is
** small, e is 0.  For f32 that is a polynomial of f; for f64 one of s = f / (2 + f), log(1 + f) = 2 atanh(s).  For pow, which needs
** more digits, m is between 1 and 2 and is multiplied by one of some numbers of few bits, which brings it near 1; their logarithms
** stand in a table. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* Whether some x is not a positive number from `least` on and below `most`, as bits: two comparisons in one. */
static LValue *any_outside(const Math *m, LValue *x, double least, double most) {
    int64_t low, high;
    element_set_real(DT_f64, &low, least), element_set_real(DT_f64, &high, most);
    if (!m->wide) {
        int32_t narrow[2];
        element_set_real(DT_f32, &narrow[0], least), element_set_real(DT_f32, &narrow[1], most);
        low = narrow[0], high = narrow[1];
    }
    int64_t lowest = m->wide ? INT64_MIN : INT32_MIN,
            moved = (int64_t)((uint64_t)lowest - (uint64_t)low); /* it wraps */
    LValue *from = loop_binary(m->b, OP_add, as_bits(m, x), bits_num(m, moved));
    return loop_any(m->b, loop_binary(m->b, OP_gt, from, bits_num(m, lowest + (high - low) - 1)));
}

/* Of positive normal numbers, m from `least` on, of which 1 or 3/4 is subtracted from the bits to leave 0 in the exponent; e comes
** without `base`.  2^-e goes to `inverse`, if that is normal. */
static Parts parts_of_bits(const Math *m, LValue *x, double least, LValue *base, LValue **inverse) {
    LBuilder *b = m->b;
    int64_t bias = (int64_t)m->bias << m->fraction, below_point = ((int64_t)1 << m->fraction) - 1;
    LValue *from = as_bits(m, num(m, least));
    LValue *bits = loop_binary(b, OP_add, as_bits(m, x), loop_binary(b, OP_sub, bits_num(m, bias), from));
    /* e as a number without a conversion: its bits, kept positive by the bias, below those of 2^52 */
    LValue *e = loop_binary(b, OP_shift_right_logical, bits, bits_num(m, m->fraction));
    e = as_float(m, loop_binary(b, OP_or, e, as_bits(m, num(m, m->wide ? 0x1p52 : 0x1p23))));
    LValue *exponent = loop_binary(b, OP_and, bits, bits_num(m, ~below_point));
    *inverse = as_float(m, loop_binary(b, OP_sub, bits_num(m, 2 * bias), exponent));
    LValue *fraction = loop_binary(b, OP_and, bits, bits_num(m, below_point));
    return (Parts){ sub(m, e, base), as_float(m, loop_binary(b, OP_add, fraction, from)) };
}

/* What e comes without, but for 2^52. */
static double base_of(const Math *m) { return (m->wide ? 0x1p52 : 0x1p23) + m->bias; }

/* A logarithm's argument, 2^e m with e from its bits and `base`.  Where there is no logarithm, or it is infinite, x becomes 1 and
** e too, and `last`, a constant of the last step, becomes what it is.  That is done, and numbers that are too small to be normal are made
** larger, in a branch that is hardly ever taken. */
typedef struct {
    LValue *x, *base, *last;
} Argument;

/* What the logarithm is where it is no number, and where it is one. */
static LValue *end_of(const Math *m, LValue *x, LValue **some) {
    LValue *infinite = num(m, INFINITY), *positive = above(m, x, 0);
    *some = both(m, positive, lt(m, x, infinite));
    LValue *y = pick(m, eq(m, x, num(m, 0)), num(m, -INFINITY), num(m, NAN));
    return pick(m, eq(m, x, infinite), infinite, y);
}

static Argument argument(const Math *m, LValue *x, double last) {
    double tiny = m->wide ? 0x1p-1022 : 0x1p-126;
    LValue *usual[] = { x, num(m, base_of(m)), num(m, last) }, *some;
    LLoop c = loop_if_rare(m->b, any_outside(m, x, tiny, INFINITY));
    LValue *small = below(m, x, tiny), *end = end_of(m, x, &some);
    LValue *larger = pick(m, small, mul_num(m, x, m->wide ? 0x1p54 : 0x1p25), x);
    LValue *base = pick(m, small, num(m, base_of(m) + (m->wide ? 54 : 25)), usual[1]);
    LValue *rare[] = { pick(m, some, larger, num(m, 1)), pick(m, some, base, num(m, base_of(m) - 1)),
                       pick(m, some, usual[2], end) };
    loop_else(m->b, &c, 3, rare);
    loop_end_if(m->b, &c, 3, usual);
    return (Argument){ c.carry[0], c.carry[1], c.carry[2] };
}

static Parts parts_of_any(const Math *m, LValue *x, double least) {
    LValue *inverse;
    Argument a = argument(m, x, 1);
    return parts_of_bits(m, a.x, least, a.base, &inverse);
}

Parts math_parts(const Math *m, LValue *x) {
    if (!m->b->module->target->parts) return parts_of_any(m, x, 0.75);
    LValue *mantissa = loop_part(m->b, LOOP_mantissa, x);
    return (Parts){ sub(m, loop_part(m->b, LOOP_exponent, x), loop_part(m->b, LOOP_exponent, mantissa)), mantissa };
}

Parts math_exponent(const Math *m, LValue *x) {
    if (!m->b->module->target->parts) return parts_of_any(m, x, 1);
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

/* log(1 + f) = f - f f / (2 + f) + ...: what is to be taken from f, in two factors. */
typedef struct {
    LValue *s, *t;
} Less;

static Less wide_less(const Math *m, LValue *f) {
    LValue *s = quotient(m, f, add_num(m, f, 2)), *z = mul(m, s, s);
    return (Less){ s, mul_add(m, neg(m, z), poly(m, z, log_f64, COUNT(log_f64)), f) };
}

/* e log(2) + log(1 + f); what e log(2) + f, which goes to `most`, loses is put back.  `last` is the second part of log(2). */
static LValue *of_parts(const Math *m, LValue *e, LValue *f, LValue *last, LValue **most) {
    double ln2 = m->wide ? ln2_f64[0] : ln2_f32[0];
    *most = mul_add(m, e, num(m, ln2), f);
    LValue *lost = sub(m, f, mul_add(m, e, num(m, -ln2), *most));
    LValue *low = mul_add(m, e, last, lost), *rest;
    if (m->wide) {
        Less less = wide_less(m, f);
        rest = mul_add(m, neg(m, less.s), less.t, low);
    } else
        rest = mul_add(m, mul(m, f, f), poly(m, f, log_f32, COUNT(log_f32)), low);
    return add(m, *most, rest);
}

/* The parts of an argument.  Where the processor takes it apart exponents may be infinite, and then the largest part of a logarithm is
** right where the rest is nan: `at_ends`. */
static Parts parts_for_log(const Math *m, LValue *x, double last, LValue **lasts) {
    LValue *inverse;
    *lasts = num(m, last);
    if (m->b->module->target->parts) return math_parts(m, x);
    Argument a = argument(m, x, last);
    *lasts = a.last;
    return parts_of_bits(m, a.x, 0.75, a.base, &inverse);
}

static LValue *at_ends(const Math *m, LValue *y, LValue *most) {
    if (!m->b->module->target->parts) return y;
    return pick(m, loop_binary(m->b, OP_ne, y, y), most, y);
}

LValue *math_log(const Math *m, LValue *x) {
    LValue *last, *most;
    Parts p = parts_for_log(m, x, m->wide ? ln2_f64[1] : ln2_f32[1], &last);
    LValue *y = of_parts(m, p.e, add_num(m, p.m, -1), last, &most);
    return at_ends(m, y, most);
}

LValue *math_log2(const Math *m, LValue *x) {
    LValue *last;
    Parts p = parts_for_log(m, x, 0, &last);
    double high = m->wide ? log2_e[0] : (float)log2_e[0], low = m->wide ? log2_e[1] : log2_e[0] - high;
    LValue *f = add_num(m, p.m, -1), *rest = mul_add(m, f, num(m, low), last);
    if (m->wide) {
        Less less = wide_less(m, f);
        rest = mul_add(m, mul(m, less.s, less.t), num(m, -high), rest);
    } else
        rest = mul_add(m, mul(m, f, f), poly(m, f, log2_f32, COUNT(log2_f32)), rest);
    LValue *near = product_plus(m, f, num(m, high), rest);
    return at_ends(m, add(m, p.e, near), add(m, p.e, p.m));
}

/* log(1 + x), u = 1 + x.  2^-e (1 + x) is 2^-e x + 2^-e, rounded once, so what u loses does not matter; where 2^-e may be too small
** to be made, what u is more than x does not. */
static LValue *log1p_of(const Math *m, LValue *x) {
    double last = m->wide ? ln2_f64[1] : ln2_f32[1], base = base_of(m);
    LValue *u = add_num(m, x, 1), *usual[] = { x, u, num(m, base), num(m, last) }, *some;
    LLoop c = loop_if_rare(m->b, any_outside(m, u, m->wide ? 0x1p-54 : 0x1p-25, 0x1p60));
    LValue *far = opposite(m, below(m, u, 0x1p60)), *end = end_of(m, u, &some), *less = mul_num(m, u, 0x1p-60);
    LValue *rare[] = { pick(m, some, pick(m, far, add_num(m, less, -1), x), num(m, 0)),
                       pick(m, some, pick(m, far, less, u), num(m, 1)),
                       pick(m, some, pick(m, far, num(m, base - 60), usual[2]), num(m, base - 1)),
                       pick(m, some, usual[3], end) };
    loop_else(m->b, &c, 4, rare);
    loop_end_if(m->b, &c, 4, usual);
    LValue *inverse, *most;
    Parts p = parts_of_bits(m, c.carry[1], 0.75, c.carry[2], &inverse);
    LValue *f = product_plus(m, c.carry[0], inverse, add_num(m, inverse, -1));
    return of_parts(m, p.e, f, c.carry[3], &most);
}

LValue *math_log1p(const Math *m, LValue *x) {
    LValue *y = log1p_of(m, x);
    LValue *sign = loop_binary(m->b, OP_and, as_bits(m, x), bits_num(m, m->wide ? INT64_MIN : INT32_MIN));
    return as_float(m, loop_binary(m->b, OP_or, as_bits(m, y), sign)); /* of zero */
}

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
    return with_sign_of(m, or_log_twice(m, a, log1p_of(m, t)), x);
}

LValue *math_acosh(const Math *m, LValue *x) {
    LValue *t = add_num(m, x, -1);
    Double sum = ordered_sum(m, square_root(m, mul_add(m, t, t, add(m, t, t))), t);
    LValue *y =
        add(m, log1p_of(m, sum.hi), pick(m, below(m, sum.hi, 0.5), sum.lo, num(m, 0))); /* its slope is near 1 */
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
    return mul_num(m, log1p_of(m, quotient(m, add(m, a, a), sub(m, num(m, 1), a))), 0.5);
}

LValue *math_atanh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *y = m->wide ? wide_atanh(m, a) : narrow_atanh(m, a);
    LValue *edge = pick(m, eq(m, a, num(m, 1)), num(m, INFINITY), num(m, NAN));
    return with_sign_of(m, pick(m, below(m, a, 1), y, edge), x);
}
