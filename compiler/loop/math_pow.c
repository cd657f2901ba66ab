/* pow, cbrt, rsqrt.
**
** x^y = exp(y log x), the logarithm to so many more bits that y does not bring its error into sight: for f32 in f64, for f64
** in two numbers. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* A number between 3/4 and 3/2 is (1 + r) / inverse; the highest bits behind its point say which inverse. */
static LValue *stretch(const Math *m, LValue *x) {
    return loop_binary(m->b, OP_shift_right_logical, as_bits(m, x), bits_num(m, m->fraction - 4));
}

static LValue *look_up(const Math *m, LValue *which, const double table[16]) {
    return loop_lookup(m->b, (DType)m->type.dtype, which, table, 16);
}

/* For positive x, in f64: about 2^-33 of error. */
static LValue *pow_f32(const Math *narrow, LValue *x, LValue *y) {
    LBuilder *b = narrow->b;
    Parts p = math_parts(narrow, x);
    LValue *x_m = loop_convert(b, add_num(narrow, p.f, 1), DT_f64), *e = loop_convert(b, p.e, DT_f64);
    Math w = math_of(b, e->type), *m = &w;
    LValue *which = stretch(m, x_m), *r = mul_add(m, x_m, look_up(m, which, pow_inverse), num(m, -1)); /* exactly */
    LValue *log2 = add(m, e, look_up(m, which, pow_log2));
    log2 = mul_add(m, r, poly(m, r, pow_log_f32, COUNT(pow_log_f32)), log2);
    LValue *t = clamp(m, mul(m, log2, loop_convert(b, y, DT_f64)), -200, 200), *n = to_integer(m, t);
    LValue *z = poly(m, sub(m, t, n), pow_exp_f32, COUNT(pow_exp_f32));
    return loop_convert(b, mul(m, z, power_of_two(m, n)), DT_f32);
}

/* log x = e log 2 - log inverse + r - r r / 2 + r r r q(r), to about 2^-62; what comes first has zeros behind it. */
static Double long_log(const Math *m, LValue *x) {
    Parts p = math_parts(m, x);
    LValue *x_m = add_num(m, p.f, 1), *which = stretch(m, x_m);
    Double product = exact_product(m, x_m, look_up(m, which, pow_inverse));
    LValue *r = add_num(m, product.hi, -1);
    LValue *high = mul_add(m, p.e, num(m, ln2_long[0]), look_up(m, which, pow_log_high));
    Double first = ordered_sum(m, high, r), square = exact_product(m, mul_num(m, r, 0.5), r);
    Double second = ordered_sum(m, first.hi, neg(m, square.hi));
    LValue *low = sub(m, add(m, first.lo, second.lo), square.lo);
    low = mul_add(m, p.e, num(m, ln2_long[1]), add(m, low, look_up(m, which, pow_log_low)));
    low = mul_add(m, neg(m, r), product.lo, add(m, low, product.lo));
    low = mul_add(m, mul(m, mul(m, r, r), r), poly(m, r, pow_log_f64, COUNT(pow_log_f64)), low);
    return ordered_sum(m, second.hi, low);
}

static LValue *pow_f64(const Math *m, LValue *x, LValue *y) {
    Double log = long_log(m, x), t = exact_product(m, log.hi, y);
    LValue *low = mul_add(m, log.lo, y, t.lo);
    LValue *far = opposite(m, below(m, absolute(m, t.hi), 800)); /* over- or underflows whatever comes behind */
    return math_exp_sum(m, t.hi, pick(m, far, num(m, 0), low), 0);
}

/* C's rules: 1 wherever x is 1 or y is 0, signs of zeros and infinities, nan for a negative x and a broken y.  r is |x|^y where
** both are finite and x is not 0. */
static LValue *pow_special(const Math *m, LValue *x, LValue *y, LValue *r) {
    LValue *a = absolute(m, x), *one = num(m, 1), *zero = num(m, 0), *infinite = num(m, INFINITY);
    LValue *far = eq(m, absolute(m, y), infinite), *up = above(m, y, 0);
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
    LValue *a = absolute(m, x), *r = m->wide ? pow_f64(m, a, y) : pow_f32(m, a, y);
    LValue *usual = both(m, both(m, above(m, x, 0), below(m, x, INFINITY)), below(m, absolute(m, y), INFINITY));
    LLoop c = loop_if(b, loop_all(b, usual));
    loop_else(b, &c, 1, &r);
    LValue *special = pow_special(m, x, y, r);
    loop_end_if(b, &c, 1, &special);
    return c.carry[0];
}

/* x = 2^(3 n + k) 1.f: 2^n is left for the end. */
typedef struct {
    LValue *n, *k, *which; /* which: k as an index, modulo 8 */
} Third;

static Third third_of(const Math *m, LValue *e) {
    LValue *n = add_num(m, mul_add(m, e, num(m, 0x1.5555555555555p-2), num(m, m->magic)), -m->magic);
    LValue *k = mul_add(m, n, num(m, -3), e);
    return (Third){ n, k, as_bits(m, add_num(m, k, m->magic)) };
}

static LValue *cbrt_f32(const Math *m, LValue *a) {
    Parts p = math_parts(m, a);
    LValue *x = add_num(m, p.f, 1), *which = stretch(m, x), *t = sub(m, x, look_up(m, which, cbrt_pieces[0])),
           *y = NULL;
    for (int i = COUNT(cbrt_pieces) - 1; i > 0; i--) {
        LValue *c = look_up(m, which, cbrt_pieces[i]);
        y = y ? mul_add(m, y, t, c) : c;
    }
    Third third = third_of(m, p.e);
    return mul(m, mul(m, y, loop_lookup(m->b, DT_f32, third.which, cbrt_2, 8)), power_of_two(m, third.n));
}

/* x^(-2/3) to half of the digits, which x times it has too; once Newton's step makes them whole. */
static LValue *cbrt_f64(const Math *m, LValue *a) {
    Parts p = math_parts(m, a);
    Third third = third_of(m, p.e);
    LValue *x = add_num(m, p.f, 1), *z = poly(m, x, cbrt_start, COUNT(cbrt_start));
    z = mul(m, z, loop_lookup(m->b, DT_f64, third.which, cbrt_4, 8));
    x = mul(m, x, power_of_two(m, third.k));
    LValue *y = mul(m, x, z);
    Double square = exact_product(m, y, y);
    LValue *miss = mul_add(m, square.lo, y, mul_add(m, square.hi, y, neg(m, x)));
    y = mul_add(m, mul(m, miss, z), num(m, -0x1.5555555555555p-2), y);
    return mul(m, y, power_of_two(m, third.n));
}

LValue *math_cbrt(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *y = m->wide ? cbrt_f64(m, a) : cbrt_f32(m, a);
    LValue *special = opposite(m, both(m, above(m, a, 0), below(m, a, INFINITY)));
    return pick(m, special, x, with_sign_of(m, y, x));
}

LValue *math_rsqrt(const Math *m, LValue *x) { return quotient(m, num(m, 1), square_root(m, x)); }
