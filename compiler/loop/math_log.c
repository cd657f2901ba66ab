/* log and its kin.
**
** x = 2^e (1 + f) with 1 + f between 3/4 and 3/2, so log(x) = e log(2) + log(1 + f), and near 1, where the result is small, e
** is 0 and f is exact. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* What is subtracted from the bits of a number between 3/4 and 3/2 leaves 0 in the exponent. */
static int64_t three_quarters(const Math *m) { return m->wide ? 0x3fe8000000000000 : 0x3f400000; }

static Parts parts_of_bits(const Math *m, LValue *x) {
    LBuilder *b = m->b;
    LValue *tiny = below(m, x, m->wide ? 0x1p-1022 : 0x1p-126);
    x = pick(m, tiny, mul_num(m, x, m->wide ? 0x1p54 : 0x1p25), x);
    LValue *bits = loop_binary(b, OP_sub, as_bits(m, x), bits_num(m, three_quarters(m)));
    /* e as a number without a conversion: its bits, kept positive by the bias, below those of 2^52 */
    LValue *e = loop_binary(b, OP_add, bits, bits_num(m, (int64_t)m->bias << m->fraction));
    e = loop_binary(b, OP_shift_right_logical, e, bits_num(m, m->fraction));
    double base = m->wide ? 0x1p52 : 0x1p23;
    e = loop_binary(b, OP_or, e, as_bits(m, num(m, base)));
    e = sub(m, as_float(m, e), pick(m, tiny, num(m, base + m->bias + (m->wide ? 54 : 25)), num(m, base + m->bias)));
    LValue *fraction = loop_binary(b, OP_and, bits, bits_num(m, ((int64_t)1 << m->fraction) - 1));
    LValue *one_f = as_float(m, loop_binary(b, OP_add, fraction, bits_num(m, three_quarters(m))));
    return (Parts){ e, add_num(m, one_f, -1) };
}

Parts math_parts(const Math *m, LValue *x) {
    if (!m->b->module->target->parts) return parts_of_bits(m, x);
    LValue *one_f = loop_part(m->b, LOOP_mantissa, x);
    LValue *e = sub(m, loop_part(m->b, LOOP_exponent, x), loop_part(m->b, LOOP_exponent, one_f));
    return (Parts){ e, add_num(m, one_f, -1) };
}

/* f - log(1 + f), about f f / 2. */
static LValue *missing(const Math *m, LValue *f) {
    LValue *half = mul(m, mul_num(m, f, 0.5), f);
    LValue *s = quotient(m, f, add_num(m, f, 2)), *z = mul(m, s, s);
    LValue *r = mul(m, z, poly(m, z, log_f64, COUNT(log_f64)));
    return sub(m, half, mul(m, s, add(m, half, r))); /* log(1 + f) = 2 s + s r, and 2 s = f - s f = f - half + s half */
}

/* What e log(2) + f loses is put back. */
static LValue *of_parts(const Math *m, Parts x) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *most = mul_add(m, x.e, num(m, ln2[0]), x.f);
    LValue *lost = sub(m, x.f, mul_add(m, x.e, num(m, -ln2[0]), most));
    LValue *low = mul_add(m, x.e, num(m, ln2[1]), lost);
    if (m->wide) return add(m, most, sub(m, low, missing(m, x.f)));
    return add(m, most, mul_add(m, mul(m, x.f, x.f), poly(m, x.f, log_f32, COUNT(log_f32)), low));
}

/* At 0, infinity, and where there is no logarithm: where exponents are infinite there, only that is to be seen to. */
static LValue *at_ends(const Math *m, LValue *x, Parts p, LValue *y) {
    if (m->b->module->target->parts) return pick(m, eq(m, absolute(m, p.e), num(m, INFINITY)), p.e, y);
    y = pick(m, below(m, x, INFINITY), y, x);
    y = pick(m, below(m, x, 0), num(m, NAN), y);
    return pick(m, eq(m, x, num(m, 0)), num(m, -INFINITY), y);
}

LValue *math_log(const Math *m, LValue *x) {
    Parts p = math_parts(m, x);
    return at_ends(m, x, p, of_parts(m, p));
}

LValue *math_log2(const Math *m, LValue *x) {
    Parts p = math_parts(m, x);
    double high = log2_e[0], low = log2_e[1];
    if (!m->wide) high = (float)log2_e[0], low = log2_e[0] - high;
    LValue *rest = mul_num(m, p.f, low);
    if (m->wide)
        rest = mul_add(m, missing(m, p.f), num(m, -high), rest);
    else
        rest = mul_add(m, mul(m, p.f, p.f), poly(m, p.f, log2_f32, COUNT(log2_f32)), rest);
    return at_ends(m, x, p, add(m, p.e, mul_add(m, p.f, num(m, high), rest)));
}

/* 1 + x = 2^e (1 + f): f is 2^-e x + (2^-e - 1), rounded once, so what 1 + x loses does not matter.  Far out, where 2^-e may
** be too small to be made, f is that of x. */
static Parts parts_above_one(const Math *m, LValue *x, LValue *u) {
    Parts p = math_parts(m, u);
    if (m->b->module->target->parts) {
        LValue *s = loop_scale(m->b, num(m, 1), neg(m, p.e));
        return (Parts){ p.e, mul_add(m, x, s, add_num(m, s, -1)) };
    }
    LValue *near = below(m, p.e, 60), *s = power_of_two(m, neg(m, pick(m, near, p.e, num(m, 0))));
    return (Parts){ p.e, pick(m, near, mul_add(m, x, s, add_num(m, s, -1)), p.f) };
}

LValue *math_log1p(const Math *m, LValue *x) {
    LValue *u = add_num(m, x, 1);
    Parts p = parts_above_one(m, x, u);
    LValue *y = at_ends(m, u, p, of_parts(m, p));
    LValue *sign = loop_binary(m->b, OP_and, as_bits(m, x), bits_num(m, m->wide ? INT64_MIN : INT32_MIN));
    return as_float(m, loop_binary(m->b, OP_or, as_bits(m, y), sign)); /* of zero */
}

/* For 0 <= x < inf. */
static LValue *log1p_within(const Math *m, LValue *x) { return of_parts(m, parts_above_one(m, x, add_num(m, x, 1))); }

/* Where x x would overflow soon, asinh and acosh of x are log x + log 2: a branch that is hardly ever taken. */
static LValue *or_log_twice(const Math *m, LValue *x, LValue *y) {
    LBuilder *b = m->b;
    LValue *large = opposite(m, below(m, x, m->wide ? 1e150 : 1e18));
    LLoop c = loop_if(b, loop_any(b, large));
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
    LValue *t = add_num(m, x, -1), *sum = add(m, t, square_root(m, mul_add(m, t, t, add(m, t, t))));
    return pick(m, below(m, x, 1), num(m, NAN), or_log_twice(m, x, log1p_within(m, sum)));
}

/* log1p(2 x / (1 - x)) / 2 */
LValue *math_atanh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *t = quotient(m, add(m, a, a), sub(m, num(m, 1), a));
    LValue *edge = pick(m, eq(m, a, num(m, 1)), num(m, INFINITY), num(m, NAN));
    return with_sign_of(m, pick(m, below(m, a, 1), mul_num(m, log1p_within(m, t), 0.5), edge), x);
}
