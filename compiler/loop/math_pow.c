/* pow, cbrt, rsqrt.
**
** x^y = exp(y log x), the logarithm to so many more bits that y does not bring its error into sight: for f32 in f64, for f64
** in two numbers. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* For positive x, in f64: about 2^-48 of error. */
static LValue *pow_f32(const Math *narrow, LValue *x, LValue *y) {
    LBuilder *b = narrow->b;
    LValue *wide = loop_convert(b, x, DT_f64), *power = loop_convert(b, y, DT_f64);
    Math w = math_of(b, wide->type), *m = &w;
    Parts p = math_parts(m, wide);
    LValue *s = quotient(m, p.f, add_num(m, p.f, 2)), *z = mul(m, s, s);
    LValue *q = mul_add(m, z, poly(m, z, pow_log_f32, COUNT(pow_log_f32)), num(m, 1));
    LValue *log2 = mul_add(m, mul_num(m, s, 2 * log2_e[0]), q, p.e);
    LValue *t = clamp(m, mul(m, log2, power), -200, 200), *n = to_integer(m, t), *r = sub(m, t, n);
    LValue *e = mul(m, poly(m, r, pow_exp_f32, COUNT(pow_exp_f32)), power_of_two(m, n));
    return loop_convert(b, e, DT_f32);
}

static Double times(const Math *m, Double x, Double y) {
    Double p = exact_product(m, x.hi, y.hi);
    return (Double){ p.hi, add(m, p.lo, add(m, mul(m, x.hi, y.lo), mul(m, x.lo, y.hi))) };
}

static Double plus(const Math *m, Double x, Double y) { /* |x| >= |y| */
    Double s = exact_sum(m, x.hi, y.hi);
    return ordered_sum(m, s.hi, add(m, s.lo, add(m, x.lo, y.lo)));
}

static Double pair(const Math *m, double hi, double lo) { return (Double){ num(m, hi), num(m, lo) }; }

/* log x = e log 2 + 2 s + 2/3 s^3 + s^5 q(s s), s = f / (2 + f), to about 2^-67 */
static Double long_log(const Math *m, LValue *x) {
    Parts p = math_parts(m, x);
    Double d = exact_sum(m, num(m, 2), p.f);
    LValue *s = quotient(m, p.f, d.hi);
    Double back = exact_product(m, s, d.hi);
    LValue *lost = sub(m, sub(m, sub(m, p.f, back.hi), back.lo), mul(m, s, d.lo));
    Double ss = { s, quotient(m, lost, d.hi) }, z = times(m, ss, ss);
    LValue *high = mul(m, mul(m, z.hi, z.hi), poly(m, z.hi, pow_log_f64, COUNT(pow_log_f64)));
    Double third = times(m, z, pair(m, 0x1.5555555555555p-1, 0x1.5555555555555p-55));
    third = plus(m, third, (Double){ high, num(m, 0) });
    Double rest = times(m, ss, third);
    Double small = plus(m, (Double){ add(m, ss.hi, ss.hi), add(m, ss.lo, ss.lo) }, rest);
    Double whole = { mul_num(m, p.e, ln2_long[0]), mul_num(m, p.e, ln2_long[1]) };
    return plus(m, whole, small);
}

static LValue *pow_f64(const Math *m, LValue *x, LValue *y) {
    Double log = long_log(m, x);
    Double t = exact_product(m, log.hi, y);
    LValue *low = add(m, t.lo, mul(m, log.lo, y));
    LValue *far = opposite(m, below(m, absolute(m, t.hi), 800)); /* over- or underflows whatever comes behind */
    return math_exp_sum(m, pick(m, far, mul(m, log.hi, y), t.hi), pick(m, far, num(m, 0), low), 0);
}

/* C's rules: 1 wherever x is 1 or y is 0, signs of zeros and infinities, nan for a negative x and a broken y. */
LValue *math_pow(const Math *m, LValue *x, LValue *y) {
    LValue *a = absolute(m, x), *one = num(m, 1), *zero = num(m, 0), *infinite = num(m, INFINITY);
    LValue *no_log = either(m, eq(m, a, zero), eq(m, a, infinite));
    LValue *normal = pick(m, no_log, num(m, 2), a);
    LValue *power = pick(m, eq(m, absolute(m, y), infinite), with_sign_of(m, num(m, 1e30), y), y);
    LValue *r = m->wide ? pow_f64(m, normal, power) : pow_f32(m, normal, power);
    LValue *grows = loop_binary(m->b, OP_eq, eq(m, a, infinite), above(m, y, 0)); /* inf^+, 0^- */
    r = pick(m, no_log, pick(m, grows, infinite, zero), r);

    LValue *whole = eq(m, loop_unary(m->b, OP_trunc, y), y), *half = mul_num(m, y, 0.5);
    LValue *is_odd = both(m, whole, opposite(m, eq(m, loop_unary(m->b, OP_trunc, half), half)));
    LValue *negative = loop_binary(m->b, OP_lt, as_bits(m, x), bits_num(m, 0));
    LValue *broken = both(m, both(m, below(m, x, 0), below(m, a, INFINITY)), opposite(m, whole));
    r = pick(m, both(m, negative, is_odd), neg(m, r), r);
    r = pick(m, broken, num(m, NAN), r);
    LValue *nan = either(m, loop_binary(m->b, OP_ne, x, x), loop_binary(m->b, OP_ne, y, y));
    r = pick(m, nan, add(m, x, y), r);
    LValue *minus_one = both(m, eq(m, x, num(m, -1)), eq(m, absolute(m, y), infinite));
    return pick(m, either(m, minus_one, either(m, eq(m, x, one), eq(m, y, zero))), one, r);
}

/* A third of the exponent by dividing the bits, then twice Halley's step, which triples the digits. */
LValue *math_cbrt(const Math *m, LValue *x) {
    LBuilder *b = m->b;
    LValue *a = absolute(m, x);
    LValue *tiny = below(m, a, m->wide ? 0x1p-900 : 0x1p-100), *huge = above(m, a, m->wide ? 0x1p900 : 0x1p100);
    double third = m->wide ? 0x1p50 : 0x1p10, whole = third * third * third; /* scales of y and x */
    LValue *up = pick(m, tiny, num(m, whole), pick(m, huge, num(m, 1 / whole), num(m, 1)));
    LValue *down_again = pick(m, tiny, num(m, 1 / third), pick(m, huge, num(m, third), num(m, 1)));
    LValue *scaled = mul(m, a, up);
    LValue *y;
    if (m->wide) { /* the upper half of the bits suffices */
        LValue *top = loop_binary(b, OP_shift_right_logical, as_bits(m, scaled), bits_num(m, 32));
        top = loop_binary(b, OP_shift_right_logical, loop_binary(b, OP_mul, top, bits_num(m, 0x55555556)),
                          bits_num(m, 32));
        top = loop_binary(b, OP_add, top, bits_num(m, 0x2a9f7893));
        y = as_float(m, loop_binary(b, OP_shift_left, top, bits_num(m, 32)));
    } else {
        LValue *top = loop_binary(b, OP_div, as_bits(m, scaled), bits_num(m, 3));
        y = as_float(m, loop_binary(b, OP_add, top, bits_num(m, 0x2a508935)));
    }
    for (int i = 0; i < (m->wide ? 3 : 2); i++) { /* y - y (y^3 - x) / (2 y^3 + x) */
        Double square = exact_product(m, y, y), cube = exact_product(m, square.hi, y);
        LValue *miss = add(m, sub(m, cube.hi, scaled), mul_add(m, square.lo, y, cube.lo));
        LValue *down = add(m, add(m, cube.hi, cube.hi), scaled);
        y = sub(m, y, mul(m, y, quotient(m, miss, down)));
    }
    y = mul(m, y, down_again);
    LValue *special = either(m, eq(m, a, num(m, 0)), opposite(m, below(m, a, INFINITY)));
    return pick(m, special, x, with_sign_of(m, y, x));
}

LValue *math_rsqrt(const Math *m, LValue *x) { return quotient(m, num(m, 1), square_root(m, x)); }
