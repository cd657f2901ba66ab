/* sin, cos, tan: polynomials around 0. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* The sine of r - less, |r| up to pi/2: r (w + rest), where w = 1 - r r / 8 rounded, and the rest is small enough everywhere for its
** roundings not to matter: what w lost, and v q(v), v = - r r / 8.  A zero keeps its sign. */
LValue *math_sin_of_half(const Math *m, Angle a) {
    LValue *eighth = mul_num(m, a.r, -0.125), *v = mul(m, eighth, a.r), *w = mul_add(m, eighth, a.r, num(m, 1));
    LValue *lost = product_plus(m, eighth, a.r, sub(m, num(m, 1), w));
    LValue *rest = mul_add(m, v, poly(m, v, TABLE(m, sin)), lost);
    LValue *slope = mul_add(m, v, num(m, 0x1.9f02f6p+1), num(m, 1)); /* the cosine, to a sixteenth */
    rest = mul_add(m, a.r, rest, neg(m, mul(m, a.less, slope)));
    if (m->fused) return mul_add(m, a.r, w, rest);
    Double most = exact_product(m, a.r, w);
    return with_sign_of(m, add(m, most.hi, add(m, most.lo, rest)), a.r);
}

/* With the lowest bit of the turns as a change of sign. */
static LValue *sin_of(const Math *m, Angle a) {
    LValue *top = loop_binary(m->b, OP_shift_left, a.turns, bits_num(m, m->wide ? 63 : 31));
    return as_float(m, loop_binary(m->b, OP_xor, as_bits(m, math_sin_of_half(m, a)), top));
}

LValue *math_sin(const Math *m, LValue *x) { return sin_of(m, math_half_turns(m, x, false)); }
LValue *math_cos(const Math *m, LValue *x) { return sin_of(m, math_half_turns(m, x, true)); }

/* t = 2 tan(r / 2) = r + r z q(z) - (1 + z / 4) less, and tan is t / (1 - t t / 4), or one over it with the other sign; what t's
** rounding gained is taken off again, as the slope of either, 1 + y y, has it. */
LValue *math_tan(const Math *m, LValue *x) {
    Angle a = math_quarter_turns(m, x);
    LValue *z = mul(m, a.r, a.r), *q = poly(m, z, TABLE(m, tan));
    LValue *more = mul_add(m, z, mul_add(m, a.r, q, mul_num(m, a.less, -0.25)), neg(m, a.less));
    LValue *t = add(m, a.r, more), *gained = sub(m, sub(m, t, a.r), more);
    LValue *rest = mul_add(m, mul_num(m, t, -0.25), t, num(m, 1));
    LValue *odd = loop_binary(m->b, OP_and, a.turns, bits_num(m, 1));
    odd = loop_binary(m->b, OP_ne, odd, bits_num(m, 0));
    LValue *y = quotient(m, pick(m, odd, rest, t), pick(m, odd, neg(m, t), rest));
    return mul_add(m, neg(m, mul_add(m, y, y, num(m, 1))), gained, y);
}
