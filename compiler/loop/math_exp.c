/* exp and its kin.
**
** x = n log 2 + r with a whole n and |r| <= log(2) / 2; exp(x) = 2^n exp(r).  As long as the result is a normal number n is added
** to the bits of exp(r).  Elsewhere, in a branch that is hardly ever taken, 2^n is applied in two halves, so that results may come down to
** the smallest denormal number, rounded once, or overflow. */
#include "loop/math.h"
#include "loop/math_tables.h"

typedef struct {
    LValue *n, *shifted, *r, *hi, *lo; /* n stands in the lowest bits of `shifted`; r is hi + lo, rounded */
} Reduced;

static Reduced reduce(const Math *m, LValue *x) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *shifted = mul_add(m, x, num(m, log2_e[0]), num(m, m->magic)), *n = add_num(m, shifted, -m->magic);
    LValue *r = mul_add(m, n, num(m, -ln2[0]), x); /* exact: ln2[0] ends in zeros */
    return (Reduced){ n, shifted, mul_add(m, n, num(m, -ln2[1]), r), r, mul_num(m, n, -ln2[1]) };
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

/* 2^(n + more) y where that is a normal number */
static LValue *scaled_near(const Math *m, LValue *y, LValue *n, LValue *shifted, int more) {
    LBuilder *b = m->b;
    if (b->module->target->parts) return loop_scale(b, y, more ? add_num(m, n, more) : n);
    LValue *bits = loop_binary(b, OP_shift_left, as_bits(m, shifted), bits_num(m, m->fraction));
    bits = loop_binary(b, OP_add, bits, as_bits(m, y));
    if (more) bits = loop_binary(b, OP_add, bits, bits_num(m, more * ((int64_t)1 << m->fraction)));
    return as_float(m, bits);
}

/* The same anywhere: y is e to what x leaves, the result e to x, or about that; it is normal as long as |x| is at most `usual`, and 0 or
** infinite below `low` and above `high`. */
static LValue *scaled_from(const Math *m, LValue *y, Reduced a, int more, LValue *x, double usual, double low,
                           double high) {
    LBuilder *b = m->b;
    if (b->module->target->parts) return scaled_near(m, y, a.n, a.shifted, more);
    LValue *far = loop_binary(b, OP_gt, as_bits(m, absolute(m, x)), as_bits(m, num(m, usual))); /* nan too */
    LLoop c = loop_if_rare(b, loop_any(b, far));
    LValue *rare = scaled(m, y, more ? add_num(m, a.n, more) : a.n);
    rare = pick(m, above(m, x, high), num(m, INFINITY), rare);
    rare = pick(m, below(m, x, low), num(m, 0), rare);
    loop_else(b, &c, 1, &rare);
    LValue *near = scaled_near(m, y, a.n, a.shifted, more);
    loop_end_if(b, &c, 1, &near);
    return c.carry[0];
}

/* exp(r) - 1 = r + r r q(r), to the digits of exp(r) */
static LValue *above_one(const Math *m, Reduced a) {
    return add(m, a.hi, mul_add(m, mul(m, a.r, a.r), poly(m, a.r, TABLE(m, exp)), a.lo));
}

static LValue *within_range(const Math *m, LValue *x) { return clamp(m, x, m->wide ? -747 : -106, m->wide ? 711 : 90); }

/* Where n may be too large for what follows: else what is far out is put right in the end. */
static LValue *reducible(const Math *m, LValue *x) { return m->b->module->target->parts ? within_range(m, x) : x; }

/* 2^shift exp(x) */
static LValue *shifted_exp(const Math *m, LValue *x, int shift) {
    Reduced a = reduce(m, reducible(m, x));
    LValue *y = add_num(m, above_one(m, a), 1);
    return scaled_from(m, y, a, shift, x, m->wide ? 708 : 87, m->wide ? -747 : -106, m->wide ? 711 : 90);
}

/* sum: x rounded.  What is left of x is at most a few units, also where x is far out and hardly has digits behind its point. */
static Reduced reduce_sum(const Math *m, LValue *sum, Double x) {
    const double *ln2 = m->wide ? ln2_f64 : ln2_f32;
    LValue *shifted = mul_add(m, sum, num(m, log2_e[0]), num(m, m->magic)), *n = add_num(m, shifted, -m->magic);
    LValue *low = mul_add(m, n, num(m, -ln2[1]), x.lo);
    LValue *high = mul_add(m, n, num(m, -ln2[0]), x.hi);
    return (Reduced){ n, shifted, add(m, high, low), high, low };
}

LValue *math_exp_near(const Math *m, LValue *sum, Double x) {
    Reduced a = reduce_sum(m, sum, x);
    return scaled_near(m, add_num(m, above_one(m, a), 1), a.n, a.shifted, 0);
}

LValue *math_exp_sum(const Math *m, LValue *sum, Double x) {
    LValue *within = within_range(m, sum), *zero = num(m, 0), *far = opposite(m, eq(m, within, sum));
    Reduced a = reduce_sum(m, within, x);
    a.r = pick(m, far, zero, a.r), a.hi = pick(m, far, zero, a.hi), a.lo = pick(m, far, zero, a.lo);
    return scaled(m, add_num(m, above_one(m, a), 1), a.n);
}

LValue *math_exp_times(const Math *m, LValue *x, LValue *lo, LValue *y) {
    Reduced a = reduce(m, x);
    a.r = add(m, a.r, lo), a.lo = add(m, a.lo, lo);
    return scaled_from(m, mul_add(m, above_one(m, a), y, y), a, 0, x, m->wide ? 700 : 80, -INFINITY, INFINITY);
}

LValue *math_exp(const Math *m, LValue *x) { return shifted_exp(m, x, 0); }

LValue *math_exp2(const Math *m, LValue *x) {
    double low = m->wide ? -1080 : -152, high = m->wide ? 1025 : 129;
    LValue *within = m->b->module->target->parts ? clamp(m, x, low, high) : x;
    Reduced a = { .shifted = add_num(m, within, m->magic) };
    a.n = add_num(m, a.shifted, -m->magic), a.r = sub(m, within, a.n);
    LValue *y = mul_add(m, a.r, poly(m, a.r, TABLE(m, exp2)), num(m, 1));
    return scaled_from(m, y, a, 0, x, m->wide ? 1021 : 125, low, high);
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

/* With e = exp(2 |x|) - 1 it is e / (e + 2).  e = 2^n (r + more) + 2^n - 1, and what 2^n r + 2^n - 1 loses is put back, as
** is what the sums and the division lose. */
static LValue *wide_tanh(const Math *m, LValue *a) {
    a = pick(m, above(m, a, 22), num(m, 22), a); /* 1 from there on */
    Reduced e = reduce(m, add(m, a, a));
    LValue *more = mul(m, mul(m, e.r, e.r), poly(m, e.r, TABLE(m, exp)));
    LValue *scale = power_of_two(m, e.n), *less = add_num(m, scale, -1), *most = mul_add(m, scale, e.r, less);
    LValue *lost = mul_add(m, scale, e.r, sub(m, less, most));
    Double top = ordered_sum(m, most, mul_add(m, scale, more, lost)), bottom = exact_sum(m, top.hi, num(m, 2));
    LValue *inverse = quotient(m, num(m, 1), bottom.hi), *y = mul(m, top.hi, inverse);
    Double product = exact_product(m, y, bottom.hi);
    LValue *rest = sub(m, sub(m, top.hi, product.hi), product.lo); /* of the division, and of both sums */
    rest = mul_add(m, neg(m, y), add(m, bottom.lo, top.lo), add(m, rest, top.lo));
    return mul_add(m, rest, inverse, y);
}

LValue *math_tanh(const Math *m, LValue *x) {
    static const Pieces pieces = { tanh_pieces, COUNT(tanh_pieces), 8, 1, 1.5, 10.25, 1, true };
    LValue *a = absolute(m, x);
    return with_sign_of(m, m->wide ? wide_tanh(m, a) : piecewise(m, a, &pieces), x);
}
