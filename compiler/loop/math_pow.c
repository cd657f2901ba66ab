/* pow, cbrt, rsqrt.
**
** x^y = exp(y log x), the logarithm in two numbers, so that y does not bring its error into sight. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* log x = base + low - log inverse + r - r r / 2 + r r r q(r) for positive x, to about as many bits again as exponents have. */
static Double long_log(const Math *m, LValue *x) {
    Parts p = math_exponent(m, x);
    Stretch s = math_stretch(m, p);
    LValue *r = math_above_one(m, p.m, s.inverse);
    Double first = ordered_sum(m, s.base, r), square = exact_product(m, r, r);
    Double second = ordered_sum(m, first.hi, mul_num(m, square.hi, -0.5));
    LValue *low = mul_add(m, square.lo, num(m, -0.5), add(m, add(m, first.lo, second.lo), s.low));
    low = mul_add(m, mul(m, r, square.hi), poly(m, r, TABLE(m, log_long)), low);
    return (Double){ second.hi, low };
}

/* C's rules: 1 wherever x is 1 or y is 0, signs of zeros and infinities, nan for a negative x and a broken y.  r is |x|^y where
** both are finite and x is not 0, and y not so large that the result is 0, 1 or infinite whatever x is. */
static const double FAR = 0x1p100;

static LValue *pow_special(const Math *m, LValue *x, LValue *y, LValue *r) {
    LValue *a = absolute(m, x), *one = num(m, 1), *zero = num(m, 0), *infinite = num(m, INFINITY);
    LValue *far = above(m, absolute(m, y), FAR), *up = above(m, y, 0);
    LValue *no_log = either(m, far, either(m, eq(m, a, zero), eq(m, a, infinite)));
    LValue *grows = loop_binary(m->b, OP_eq, above(m, a, 1), up);
    r = pick(m, no_log, pick(m, grows, infinite, zero), r);

    LValue *whole = eq(m, loop_unary(m->b, OP_trunc, y), y), *half = mul_num(m, y, 0.5);
    LValue *is_odd = both(m, whole, opposite(m, eq(m, loop_unary(m->b, OP_trunc, half), half)));
    LValue *negative = loop_binary(m->b, OP_lt, as_bits(m, x), bits_num(m, 0));
    LValue *broken = both(m, both(m, below(m, x, 0), below(m, a, INFINITY)), opposite(m, whole));
    r = pick(m, both(m, negative, is_odd), neg(m, r), r);
    r = pick(m, broken, num(m, NAN), r);
    LValue *nan = either(m, loop_binary(m->b, OP_ne, x, x), loop_binary(m->b, OP_ne, y, y));
    r = pick(m, nan, add(m, x, y), r);
    LValue *minus_one = both(m, eq(m, x, num(m, -1)), far);
    return pick(m, either(m, minus_one, either(m, eq(m, x, one), eq(m, y, zero))), one, r);
}

LValue *math_pow(const Math *m, LValue *x, LValue *y) {
    LBuilder *b = m->b;
    LValue *a = absolute(m, x);
    Double log = long_log(m, a), t = exact_product(m, log.hi, y);
    t.lo = mul_add(m, log.lo, y, t.lo);
    LValue *sum = add(m, t.hi, t.lo), *r = math_exp_near(m, sum, t);
    LValue *usual = both(m, above(m, x, 0), below(m, absolute(m, sum), m->wide ? 708 : 87));
    if (!b->module->target->parts)
        usual = both(m, usual, both(m, below(m, x, INFINITY), below(m, absolute(m, y), FAR)));
    LLoop c = loop_if_rare(b, loop_unary(b, OP_not, loop_all(b, usual)));
    LValue *special = pow_special(m, x, y, math_exp_sum(m, sum, t));
    loop_else(b, &c, 1, &special);
    loop_end_if(b, &c, 1, &r);
    return c.carry[0];
}

/* A third of an exponent: its whole part n, and as an index which of 0, 1 and 2 thirds are left.  Of numbers as large as this one
** the two lowest bits are behind the point. */
typedef struct {
    LValue *quarters, *n;
} Third;

static Third third_of(const Math *m, LValue *e) {
    LValue *shifted = mul_add(m, e, num(m, 0x1.5555555555555p-2), num(m, m->magic / 4));
    return (Third){ as_bits(m, shifted), add_num(m, shifted, -m->magic / 4) };
}

/* y 2^n */
static LValue *scaled(const Math *m, LValue *y, Third third) {
    LBuilder *b = m->b;
    if (b->module->target->parts) return loop_scale(b, y, third.n);
    LValue *bits = loop_binary(b, OP_shift_right_logical, third.quarters, bits_num(m, 2));
    bits = loop_binary(b, OP_shift_left, bits, bits_num(m, m->fraction));
    return mul(m, y, as_float(m, loop_binary(b, OP_add, bits, bits_num(m, (int64_t)m->bias << m->fraction))));
}

static LValue *cbrt_f32(const Math *m, Parts p, Third third) {
    LValue *which = loop_binary(m->b, OP_shift_right_logical, as_bits(m, p.m), bits_num(m, m->fraction - 4));
    LValue *t = sub(m, p.m, table_entry(m, which, cbrt_pieces[0], 16)), *y = NULL;
    for (int i = COUNT(cbrt_pieces) - 1; i > 0; i--) {
        LValue *c = table_entry(m, which, cbrt_pieces[i], 16);
        y = y ? mul_add(m, y, t, c) : c;
    }
    return mul(m, y, table_entry(m, third.quarters, cbrt_2, 8));
}

/* x^(-2/3) to half of the digits, which x times it has too; once Newton's step makes them whole. */
static LValue *cbrt_f64(const Math *m, Parts p, Third third) {
    LValue *x = mul(m, p.m, table_entry(m, third.quarters, cbrt_scale, 8));
    LValue *z = mul(m, poly(m, p.m, cbrt_start, COUNT(cbrt_start)), table_entry(m, third.quarters, cbrt_4, 8));
    LValue *y = mul(m, x, z);
    Double square = exact_product(m, y, y);
    LValue *miss = mul_add(m, square.lo, y, mul_add(m, square.hi, y, neg(m, x)));
    return mul_add(m, mul(m, miss, z), num(m, -0x1.5555555555555p-2), y);
}

LValue *math_cbrt(const Math *m, LValue *x) {
    LValue *a = absolute(m, x);
    Parts p = math_exponent(m, a);
    Third third = third_of(m, p.e);
    LValue *y = scaled(m, m->wide ? cbrt_f64(m, p, third) : cbrt_f32(m, p, third), third);
    y = with_sign_of(m, y, x);
    if (m->b->module->target->parts) return y; /* where exponents are infinite, and scaling keeps that, and nan */
    return pick(m, both(m, above(m, a, 0), below(m, a, INFINITY)), y, x);
}

LValue *math_rsqrt(const Math *m, LValue *x) { return quotient(m, num(m, 1), square_root(m, x)); }
