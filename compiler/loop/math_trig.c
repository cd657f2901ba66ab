/* sin, cos, tan: polynomials on a quarter turn around 0. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* 1 - z / 2 = value - less */
static Double half_square(const Math *m, LValue *z) {
    LValue *half = num(m, -0.5), *value = mul_add(m, z, half, num(m, 1));
    return (Double){ value, sub(m, sub(m, value, num(m, 1)), mul(m, z, half)) };
}

/* r - (r z q(z) + less) or 1 - z / 2 - (z z q(z) - r less), z = r r, as this quadrant has it: one sum with numbers picked for it.
** A zero keeps its sign, since the first is then one of two zeros. */
static LValue *sine_or_cosine(const Math *m, Angle a, LValue *take_cosine) {
    LValue *z = mul(m, a.r, a.r), *terms[COUNT(sin_f64)];
    Double most = half_square(m, z);
    int n = m->wide ? COUNT(sin_f64) : COUNT(sin_f32);
    for (int i = 0; i < n; i++) {
        double s = m->wide ? sin_f64[i] : sin_f32[i], c = m->wide ? cos_f64[i] : cos_f32[i];
        terms[i] = pick(m, take_cosine, num(m, c), num(m, s));
    }
    LValue *less = pick(m, take_cosine, mul_add(m, neg(m, a.r), a.less, most.lo), a.less);
    LValue *factor = mul(m, z, pick(m, take_cosine, z, a.r));
    return sub(m, pick(m, take_cosine, most.hi, a.r), mul_add(m, factor, poly_of(m, z, terms, n), less));
}

static LValue *bit(const Math *m, LValue *quadrant, int which) {
    LValue *it = loop_binary(m->b, OP_and, quadrant, bits_num(m, which));
    return loop_binary(m->b, OP_ne, it, bits_num(m, 0));
}

/* With the second lowest bit of the quadrant as a change of sign. */
static LValue *signed_by(const Math *m, LValue *y, LValue *quadrant) {
    LValue *top = loop_binary(m->b, OP_shift_left, quadrant, bits_num(m, m->wide ? 62 : 30));
    top = loop_binary(m->b, OP_and, top, bits_num(m, m->wide ? INT64_MIN : INT32_MIN));
    return as_float(m, loop_binary(m->b, OP_xor, as_bits(m, y), top));
}

LValue *math_sin_of(const Math *m, Angle a) {
    return signed_by(m, sine_or_cosine(m, a, bit(m, a.quadrant, 1)), a.quadrant);
}

LValue *math_cos_of(const Math *m, Angle a) {
    LValue *next = loop_binary(m->b, OP_add, a.quadrant, bits_num(m, 1));
    return signed_by(m, sine_or_cosine(m, a, bit(m, next, 1)), next);
}

LValue *math_sin(const Math *m, LValue *x) { return math_sin_of(m, math_reduce(m, x)); }
LValue *math_cos(const Math *m, LValue *x) { return math_cos_of(m, math_reduce(m, x)); }

/* t = r + r z q(z) - (1 + z) less, where 1 + z is near the slope; in every other quadrant -1 / t, with what t has lost. */
LValue *math_tan(const Math *m, LValue *x) {
    Angle a = math_reduce(m, x);
    LValue *z = mul(m, a.r, a.r), *less = mul_add(m, z, a.less, a.less);
    less = mul_add(m, neg(m, mul(m, a.r, z)), poly(m, z, TABLE(m, tan)), less);
    LValue *t = sub(m, a.r, less), *lost = sub(m, sub(m, a.r, t), less), *inverse = quotient(m, num(m, -1), t);
    inverse = mul_add(m, mul(m, inverse, lost), inverse, inverse);
    return pick(m, bit(m, a.quadrant, 1), inverse, t);
}
