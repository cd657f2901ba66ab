/* erf, erfc, erf_inv. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* erfc(a) = exp(-a a) q(t) / (1 + 2 a) with t = (a - k) / (a + k), for a >= 0.  What a a loses goes into the exponential. */
static LValue *complement(const Math *m, LValue *a) {
    double k = m->wide ? 4 : 2;
    a = pick(m, above(m, a, m->wide ? 28 : 11), num(m, m->wide ? 28 : 11), a); /* 0 from there on */
    Double square = exact_product(m, a, a), bottom = exact_sum(m, num(m, 1), add(m, a, a));
    LValue *t = quotient(m, add_num(m, a, -k), add_num(m, a, k));
    const double *c = m->wide ? erfc_f64 : erfc_f32;
    int n = m->wide ? COUNT(erfc_f64) : COUNT(erfc_f32);
    Double top = ordered_sum(m, num(m, c[0]), mul(m, t, poly(m, t, c + 1, n - 1)));
    LValue *q = quotient(m, top.hi, bottom.hi);
    Double back = exact_product(m, q, bottom.hi); /* what the quotient loses */
    LValue *rest = add(m, sub(m, sub(m, sub(m, top.hi, back.hi), back.lo), mul(m, q, bottom.lo)), top.lo);
    return math_exp_times(m, neg(m, square.hi), neg(m, square.lo), q, quotient(m, rest, bottom.hi));
}

/* 1 - erf(x) below 1 as (1 - x) - (erf(x) - x). */
LValue *math_erfc(const Math *m, LValue *x) {
    LValue *a = absolute(m, x), *y = complement(m, a);
    LValue *small = mul_add(m, neg(m, x), poly(m, mul(m, x, x), TABLE(m, erf)), sub(m, num(m, 1), x));
    y = pick(m, below(m, x, 0), sub(m, num(m, 2), y), y);
    return pick(m, below(m, a, 1), small, y);
}

static LValue *wide_erf(const Math *m, LValue *a) {
    LValue *small = mul_add(m, a, poly(m, mul(m, a, a), TABLE(m, erf)), a);
    return pick(m, below(m, a, 1), small, sub(m, num(m, 1), complement(m, a)));
}

LValue *math_erf(const Math *m, LValue *x) {
    static const Pieces pieces = { erf_pieces, COUNT(erf_pieces), 2, 0.375, 0x1.fffffep+1 };
    LValue *a = absolute(m, x);
    return with_sign_of(m, m->wide ? wide_erf(m, a) : piecewise(m, a, &pieces), x);
}

/* Giles' approximation for f32, whose digits jax.random.normal shows; the same idea with polynomials of our own for f64. */
static const double giles_low[] = { 1.50140941f,      0.246640727f,    -0.00417768164f, -0.00125372503f, 0.00021858087f,
                                    -4.39150654e-06f, -3.5233877e-06f, 3.43273939e-07f, 2.81022636e-08f };
static const double giles_high[] = { 2.83297682f,     1.00167406f,    0.00943887047f,  -0.0076224613f,  0.00573950773f,
                                     -0.00367342844f, 0.00134934322f, 0.000100950558f, -0.000200214257f };

static LValue *inverse_f32(const Math *m, LValue *x, LValue *w) {
    LValue *low = below(m, w, 5);
    LValue *t = pick(m, low, add_num(m, w, -2.5), add_num(m, square_root(m, w), -3));
    LValue *p = NULL;
    for (int i = COUNT(giles_low) - 1; i >= 0; i--) {
        LValue *c = pick(m, low, num(m, giles_low[i]), num(m, giles_high[i]));
        p = p ? mul_add(m, p, t, c) : c;
    }
    return mul(m, p, x);
}

static LValue *inverse_f64(const Math *m, LValue *x, LValue *w) {
    LValue *root = square_root(m, w);
    LValue *low = poly(m, add_num(m, w, -3.125), erf_inv_f64_low, COUNT(erf_inv_f64_low));
    LValue *mid = poly(m, add_num(m, root, -3.25), erf_inv_f64_mid, COUNT(erf_inv_f64_mid));
    LValue *high = poly(m, add_num(m, root, -5), erf_inv_f64_high, COUNT(erf_inv_f64_high));
    return mul(m, pick(m, below(m, w, 6.25), low, pick(m, below(m, w, 16), mid, high)), x);
}

LValue *math_erf_inv(const Math *m, LValue *x) {
    LValue *w = neg(m, math_log1p(m, mul(m, x, neg(m, x))));
    if (m->wide) { /* near 1 the square would lose what matters; f32 loses it as JAX does */
        LValue *a = absolute(m, x), *product = mul(m, sub(m, num(m, 1), a), add_num(m, a, 1));
        w = pick(m, above(m, a, 0.5), neg(m, math_log(m, product)), w);
    }
    LValue *y = m->wide ? inverse_f64(m, x, w) : inverse_f32(m, x, w);
    LValue *edge = eq(m, absolute(m, x), num(m, 1));
    return pick(m, edge, mul_num(m, x, INFINITY), y);
}
