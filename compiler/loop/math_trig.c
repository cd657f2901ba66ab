/* sin, cos, tan: polynomials on a quarter turn around 0. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* r - (r z q(z) + less), z = r r: of a zero with its sign, since that difference is one of two zeros. */
static LValue *sine(const Math *m, Angle a, LValue *z) {
    return sub(m, a.r, mul_add(m, mul(m, a.r, z), poly(m, z, TABLE(m, sin)), a.less));
}

/* 1 - z / 2 = value - less */
static Double half_square(const Math *m, LValue *z) {
    LValue *half = num(m, -0.5), *value = mul_add(m, z, half, num(m, 1));
    return (Double){ value, sub(m, sub(m, value, num(m, 1)), mul(m, z, half)) };
}

/* 1 - z / 2 - (z z q(z) - r less) */
static LValue *cosine(const Math *m, Angle a, LValue *z) {
    Double most = half_square(m, z);
    LValue *less = mul_add(m, neg(m, a.r), a.less, most.lo);
    return sub(m, most.hi, mul_add(m, mul(m, z, z), poly(m, z, TABLE(m, cos)), less));
}

/* The one that this quadrant has for the other, as one sum. */
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

LValue *math_tan(const Math *m, LValue *x) {
    Angle a = math_reduce(m, x);
    LValue *z = mul(m, a.r, a.r), *s = sine(m, a, z), *c = cosine(m, a, z), *odd = bit(m, a.quadrant, 1);
    return quotient(m, pick(m, odd, neg(m, c), s), pick(m, odd, s, c));
}
