/* log and its kin.
**
** x = 2^e (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), so log(x) = e log(2) + log(1 + f), and near 1, where the result
** is small, e is 0 and f is exact. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* What is subtracted from the bits of a number between sqrt(1/2) and sqrt(2) leaves 0 in the exponent. */
static int64_t root_half(const Math *m) { return m->wide ? 0x3fe6a09e00000000 : 0x3f3504f3; }

Parts math_parts(const Math *m, LValue *x) {
    LBuilder *b = m->b;
    LValue *tiny = below(m, x, m->wide ? 0x1p-1022 : 0x1p-126);
    x = pick(m, tiny, mul_num(m, x, m->wide ? 0x1p54 : 0x1p25), x);
    LValue *bits = loop_binary(b, OP_sub, as_bits(m, x), bits_num(m, root_half(m)));
    /* e as a number without a conversion: its bits, kept positive by the bias, below those of 2^52 */
    LValue *e = loop_binary(b, OP_add, bits, bits_num(m, (int64_t)m->bias << m->fraction));
    e = loop_binary(b, OP_shift_right_logical, e, bits_num(m, m->fraction));
    double base = m->wide ? 0x1p52 : 0x1p23;
    e = loop_binary(b, OP_or, e, as_bits(m, num(m, base)));
    e = sub(m, as_float(m, e), pick(m, tiny, num(m, base + m->bias + (m->wide ? 54 : 25)), num(m, base + m->bias)));
    LValue *fraction = loop_binary(b, OP_and, bits, bits_num(m, ((int64_t)1 << m->fraction) - 1));
    LValue *one_f = as_float(m, loop_binary(b, OP_add, fraction, bits_num(m, root_half(m))));
    return (Parts){ e, add_num(m, one_f, -1) };
}

/* f - log(1 + f), about f f / 2. */
static LValue *missing(const Math *m, LValue *f) {
    LValue *half = mul(m, mul_num(m, f, 0.5), f);
    if (!m->wide) return sub(m, half, mul(m, mul(m, mul(m, f, f), f), poly(m, f, log_f32, COUNT(log_f32))));
    LValue *s = quotient(m, f, add_num(m, f, 2)), *z = mul(m, s, s);
    LValue *r = mul(m, z, poly(m, z, log_f64, COUNT(log_f64)));
    return sub(m, half, mul(m, s, add(m, half, r))); /* log(1 + f) = 2 s + s r, and 2 s = f - s f = f - half + s half */
}

static LValue *of_parts(const Math *m, Parts x, LValue *more) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *low = mul_add(m, x.e, num(m, ln2[1]), neg(m, missing(m, x.f)));
    if (more) low = add(m, low, more);
    return mul_add(m, x.e, num(m, ln2[0]), add(m, x.f, low));
}

/* At 0, infinity, and where there is no logarithm. */
static LValue *at_ends(const Math *m, LValue *x, LValue *y) {
    y = pick(m, below(m, x, INFINITY), y, x);
    y = pick(m, below(m, x, 0), num(m, NAN), y);
    return pick(m, eq(m, x, num(m, 0)), num(m, -INFINITY), y);
}

LValue *math_log(const Math *m, LValue *x) { return at_ends(m, x, of_parts(m, math_parts(m, x), NULL)); }

LValue *math_log2(const Math *m, LValue *x) {
    Parts p = math_parts(m, x);
    double high = log2_e[0], low = log2_e[1];
    if (!m->wide) high = (float)log2_e[0], low = log2_e[0] - high;
    LValue *rest = mul_add(m, missing(m, p.f), num(m, -high), mul_num(m, p.f, low));
    return at_ends(m, x, add(m, p.e, mul_add(m, p.f, num(m, high), rest)));
}

/* u = 1 + x loses some of x, which is put back as lost / u; where e is 0, f is x itself. */
LValue *math_log1p(const Math *m, LValue *x) {
    Double u = exact_sum(m, x, num(m, 1));
    Parts p = math_parts(m, u.hi);
    LValue *near = eq(m, p.e, num(m, 0));
    p.f = pick(m, near, x, p.f);
    LValue *lost = pick(m, near, num(m, 0), quotient(m, u.lo, u.hi));
    LValue *y = at_ends(m, u.hi, of_parts(m, p, lost));
    y = pick(m, below(m, x, INFINITY), y, x);
    return pick(m, below(m, absolute(m, x), m->wide ? 0x1p-54 : 0x1p-25), x, y);
}

/* log(x + sqrt(x x + 1)) = log1p(x + x x / (1 + sqrt(x x + 1))); x x would overflow first, and there it is log(2 x). */
static double overflows_soon(const Math *m) { return m->wide ? 1e150 : 1e18; }

LValue *math_asinh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *large = above(m, a, overflows_soon(m)), *square = mul(m, a, a);
    LValue *root = square_root(m, add_num(m, square, 1));
    LValue *t = add(m, a, quotient(m, square, add_num(m, root, 1)));
    LValue *y = math_log1p(m, pick(m, large, a, t));
    return with_sign_of(m, add(m, y, pick(m, large, num(m, 0x1.62e42fefa39efp-1), num(m, 0))), x);
}

LValue *math_acosh(const Math *m, LValue *x) {
    LValue *large = above(m, x, overflows_soon(m)), *t = add_num(m, x, -1);
    LValue *sum = add(m, t, square_root(m, mul_add(m, t, t, add(m, t, t))));
    LValue *y = math_log1p(m, pick(m, large, x, sum));
    y = add(m, y, pick(m, large, num(m, 0x1.62e42fefa39efp-1), num(m, 0)));
    return pick(m, below(m, x, 1), num(m, NAN), y);
}

/* log1p(2 x / (1 - x)) / 2 */
LValue *math_atanh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *twice = add(m, a, a);
    LValue *small = add(m, twice, quotient(m, mul(m, twice, a), sub(m, num(m, 1), a)));
    LValue *t = pick(m, below(m, a, 0.5), small, quotient(m, twice, sub(m, num(m, 1), a)));
    LValue *y = mul_num(m, math_log1p(m, t), 0.5);
    return with_sign_of(m, pick(m, above(m, a, 1), num(m, NAN), y), x);
}
