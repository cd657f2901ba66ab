/* exp and its kin.
**
** x = n log 2 + r with a whole n and |r| <= log(2) / 2; exp(x) = 2^n exp(r).  2^n is applied in two halves, so that results
** may come down to the smallest denormal number, rounded once, or overflow. */
#include "loop/math.h"
#include "loop/math_tables.h"

typedef struct {
    LValue *n, *r, *hi, *lo; /* r is hi + lo, rounded */
} Reduced;

static Reduced reduce(const Math *m, LValue *x) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *n = add_num(m, mul_add(m, x, num(m, log2_e[0]), num(m, m->magic)), -m->magic);
    LValue *r = mul_add(m, n, num(m, -ln2[0]), x); /* exact: ln2[0] ends in zeros */
    return (Reduced){ n, mul_add(m, n, num(m, -ln2[1]), r), r, mul_num(m, n, -ln2[1]) };
}

/* n and twice the bias stand in the lowest bits of a sum; its half, and what that leaves, are the exponents of two factors. */
static LValue *scaled(const Math *m, LValue *x, LValue *n) {
    LBuilder *b = m->b;
    if (b->module->target->parts) return loop_scale(b, x, n);
    LValue *bits = as_bits(m, add_num(m, n, m->magic + 2 * m->bias)), *fraction = bits_num(m, m->fraction);
    LValue *half = loop_binary(b, OP_shift_right_logical, bits, bits_num(m, 1)), *rest = sub(m, bits, half);
    LValue *first = as_float(m, loop_binary(b, OP_shift_left, half, fraction));
    return mul(m, mul(m, x, first), as_float(m, loop_binary(b, OP_shift_left, rest, fraction)));
}

/* exp(r) - 1 = r + r r q(r), to the digits of exp(r) */
static LValue *above_one(const Math *m, Reduced a) {
    return add(m, a.hi, mul_add(m, mul(m, a.r, a.r), poly(m, a.r, TABLE(m, exp)), a.lo));
}

static LValue *within_range(const Math *m, LValue *x) { return clamp(m, x, m->wide ? -747 : -106, m->wide ? 711 : 90); }

/* 2^shift exp(x) */
static LValue *shifted_exp(const Math *m, LValue *x, int shift) {
    Reduced a = reduce(m, within_range(m, x));
    LValue *y = add_num(m, above_one(m, a), 1);
    return scaled(m, y, shift ? add_num(m, a.n, shift) : a.n);
}

/* sum: x rounded.  What is left of x is at most a few units, also where x is far out and hardly has digits behind its point. */
static Reduced reduce_sum(const Math *m, LValue *sum, Double x) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *n = add_num(m, mul_add(m, sum, num(m, log2_e[0]), num(m, m->magic)), -m->magic);
    LValue *low = mul_add(m, n, num(m, -ln2[1]), x.lo);
    LValue *high = mul_add(m, n, num(m, -ln2[0]), x.hi);
    return (Reduced){ n, add(m, high, low), high, low };
}

LValue *math_exp_near(const Math *m, LValue *sum, Double x) {
    Reduced a = reduce_sum(m, sum, x);
    LValue *y = add_num(m, above_one(m, a), 1);
    return m->b->module->target->parts ? loop_scale(m->b, y, a.n) : mul(m, y, power_of_two(m, a.n));
}

LValue *math_exp_sum(const Math *m, LValue *sum, Double x) {
    LValue *within = within_range(m, sum), *zero = num(m, 0), *far = opposite(m, eq(m, within, sum));
    Reduced a = reduce_sum(m, within, x);
    a.r = pick(m, far, zero, a.r), a.hi = pick(m, far, zero, a.hi), a.lo = pick(m, far, zero, a.lo);
    return scaled(m, add_num(m, above_one(m, a), 1), a.n);
}

LValue *math_exp_times(const Math *m, LValue *x, LValue *lo, LValue *y) {
    Reduced a = reduce(m, within_range(m, x));
    a.r = add(m, a.r, lo), a.lo = add(m, a.lo, lo);
    return scaled(m, mul_add(m, above_one(m, a), y, y), a.n);
}

LValue *math_exp(const Math *m, LValue *x) { return shifted_exp(m, x, 0); }

LValue *math_exp2(const Math *m, LValue *x) {
    x = clamp(m, x, m->wide ? -1080 : -152, m->wide ? 1025 : 129);
    LValue *n = to_integer(m, x), *r = sub(m, x, n);
    return scaled(m, mul_add(m, r, poly(m, r, TABLE(m, exp2)), num(m, 1)), n);
}

/* expm1(x) / 4 = 2^(n-2) expm1(r) + (2^(n-2) - 1/4): a quarter, so that 2^n does not overflow before the result does. */
LValue *math_expm1(const Math *m, LValue *x) {
    Reduced a = reduce(m, clamp(m, x, m->wide ? -45 : -25, m->wide ? 710 : 89));
    LValue *p = mul_add(m, mul(m, a.r, a.r), poly(m, a.r, TABLE(m, expm1)), a.r);
    LValue *s = power_of_two(m, add_num(m, a.n, -2));
    LValue *y = mul_num(m, mul_add(m, s, p, add_num(m, s, -0.25)), 4);
    return pick(m, below(m, absolute(m, x), m->wide ? 0x1p-54 : 0x1p-25), x, y); /* the sign of zero, denormals */
}

/* With e = exp(-|x|), which does not overflow, and q = e / (1 + e): 1 - q, and e - e q below 0. */
LValue *math_logistic(const Math *m, LValue *x) {
    LValue *e = math_exp(m, neg(m, absolute(m, x))), *q = quotient(m, e, add_num(m, e, 1));
    LValue *top = pick(m, below(m, x, 0), e, num(m, 1));
    return mul_add(m, neg(m, top), q, top);
}

/* x + x z q(z), z = x x */
static LValue *odd(const Math *m, LValue *x, const double *c, int n) {
    LValue *z = mul(m, x, x);
    return mul_add(m, mul(m, x, z), poly(m, z, c, n), x);
}

/* Half of exp(|x|), less or more a quarter of its inverse. */
LValue *math_sinh(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *half = shifted_exp(m, a, -1);
    LValue *large = sub(m, half, quotient(m, num(m, 0.25), half));
    LValue *small = odd(m, a, TABLE(m, sinh));
    return with_sign_of(m, pick(m, below(m, a, 1), small, large), x);
}

LValue *math_cosh(const Math *m, LValue *x) {
    LValue *half = shifted_exp(m, absolute(m, x), -1);
    return add(m, half, quotient(m, num(m, 0.25), half));
}

/* With e = exp(2 |x|) - 1 it is e / (e + 2).  e = 2^n (r + more) + 2^n - 1, and what 2^n r + 2^n - 1 loses is put back. */
static LValue *wide_tanh(const Math *m, LValue *a) {
    a = pick(m, above(m, a, 22), num(m, 22), a); /* 1 from there on */
    Reduced e = reduce(m, add(m, a, a));
    LValue *more = mul(m, mul(m, e.r, e.r), poly(m, e.r, TABLE(m, exp)));
    LValue *scale = power_of_two(m, e.n), *less = add_num(m, scale, -1), *most = mul_add(m, scale, e.r, less);
    LValue *lost = mul_add(m, scale, e.r, sub(m, less, most));
    LValue *top = add(m, most, mul_add(m, scale, more, lost));
    return quotient(m, top, add_num(m, top, 2));
}

LValue *math_tanh(const Math *m, LValue *x) {
    static const Pieces pieces = { tanh_pieces, COUNT(tanh_pieces), 1, 0.25, 9.25, 0, true };
    LValue *a = absolute(m, x);
    return with_sign_of(m, m->wide ? wide_tanh(m, a) : piecewise(m, a, &pieces), x);
}
