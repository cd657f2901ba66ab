/* erf, erfc, erf_inv. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* For a = |x|, exp(-a a) f(a).  What a a loses goes into the exponential. */
LValue *math_erfc(const Math *m, LValue *x) {
    static const Pieces pieces[] = { { erfc_pieces_f32, COUNT(erfc_pieces_f32), 8, 1, 1.5, 12, 1, false },
                                     { erfc_pieces_f64, COUNT(erfc_pieces_f64), 16, 2, 2.5, 30, 2, false } };
    double last = m->wide ? 28 : 11; /* 0 from there on */
    LValue *a = absolute(m, x);
    a = pick(m, above(m, a, last), num(m, last), a);
    Double square = exact_product(m, a, a);
    LValue *y = math_exp_times(m, neg(m, square.hi), neg(m, square.lo), piecewise(m, a, &pieces[m->wide]));
    return pick(m, below(m, x, 0), sub(m, num(m, 2), y), y);
}

/* A polynomial around the nearest of 16 numbers, whole multiples of 1 / 2.56. */
static LValue *wide_erf(const Math *m, LValue *a) {
    a = pick(m, above(m, a, 6), num(m, 6), a); /* 1 from there on */
    enum { TERMS = COUNT(erf_rows) - 1 };
    LValue *shifted = mul_add(m, a, num(m, 2.56), num(m, m->magic)), *which = as_bits(m, shifted);
    LValue *t = mul_add(m, add_num(m, shifted, -m->magic), num(m, -0.390625), a);
    LValue *y = poly_of_rows(m, t, which, erf_rows + 1, TERMS - 1, 16);
    LValue *less = table_entry(m, which, erf_rows[TERMS], 16), *first = table_entry(m, which, erf_rows[0], 16);
    return add(m, first, mul_add(m, y, t, less));
}

LValue *math_erf(const Math *m, LValue *x) {
    static const Pieces pieces = { erf_pieces, COUNT(erf_pieces), 8, 3, 4.5, 0x1.fffffep+2, 4, true };
    LValue *a = absolute(m, x);
    return with_sign_of(m, m->wide ? wide_erf(m, a) : piecewise(m, a, &pieces), x);
}

/* x f(w), w = -log(1 - x x) */
LValue *math_erf_inv(const Math *m, LValue *x) {
    static const Pieces pieces[] = { { erf_inv_pieces_f32, COUNT(erf_inv_pieces_f32), 16, 1, 0.5, 17, 0, false },
                                     { erf_inv_pieces_f64, COUNT(erf_inv_pieces_f64), 16, 1, 0.5, 37, 0, false } };
    Double square = exact_product(m, x, x);
    LValue *rest = sub(m, sub(m, num(m, 1), square.hi), square.lo);
    if (m->fused) rest = mul_add(m, neg(m, x), x, num(m, 1));
    LValue *y = mul(m, piecewise(m, absolute(m, math_log(m, rest)), &pieces[m->wide]), x);
    return pick(m, eq(m, absolute(m, x), num(m, 1)), mul_num(m, x, INFINITY), y);
}
