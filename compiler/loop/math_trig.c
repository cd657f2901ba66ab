/* sin, cos, tan: polynomials on a quarter turn around 0. */
#include "loop/math.h"
#include "loop/math_tables.h"

/* r + (r z q(z) + low), z = r r */
static LValue *sine(const Math *m, Angle a, LValue *z) {
    return add(m, a.r, mul_add(m, mul(m, a.r, z), poly(m, z, TABLE(m, sin)), a.low));
}

/* 1 - z / 2 + (z z q(z) - r low): what 1 - z / 2 loses is put back */
static LValue *cosine(const Math *m, Angle a, LValue *z) {
    Double most = ordered_sum(m, num(m, 1), mul_num(m, z, -0.5));
    LValue *rest = mul_add(m, mul(m, z, z), poly(m, z, TABLE(m, cos)), mul_add(m, a.r, neg(m, a.low), most.lo));
    return add(m, most.hi, rest);
}

/* The one that this quadrant has for the other. */
static LValue *sine_or_cosine(const Math *m, Angle a, LValue *take_cosine) {
    LValue *z = mul(m, a.r, a.r);
    return pick(m, take_cosine, cosine(m, a, z), sine(m, a, z));
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

static LValue *nan_at_infinity(const Math *m, LValue *x, LValue *y) {
    return pick(m, eq(m, absolute(m, x), num(m, INFINITY)), num(m, NAN), y);
}

LValue *math_sin_of(const Math *m, Angle a) {
    return signed_by(m, sine_or_cosine(m, a, bit(m, a.quadrant, 1)), a.quadrant);
}

LValue *math_cos_of(const Math *m, Angle a) {
    LValue *next = loop_binary(m->b, OP_add, a.quadrant, bits_num(m, 1));
    return signed_by(m, sine_or_cosine(m, a, bit(m, next, 1)), next);
}

LValue *math_sin(const Math *m, LValue *x) {
    LValue *y = math_sin_of(m, math_reduce(m, x));
    return nan_at_infinity(m, x, pick(m, eq(m, x, num(m, 0)), x, y));
}

LValue *math_cos(const Math *m, LValue *x) { return nan_at_infinity(m, x, math_cos_of(m, math_reduce(m, x))); }

LValue *math_tan(const Math *m, LValue *x) {
    Angle a = math_reduce(m, x);
    LValue *z = mul(m, a.r, a.r), *s = sine(m, a, z), *c = cosine(m, a, z), *odd = bit(m, a.quadrant, 1);
    LValue *y = quotient(m, pick(m, odd, neg(m, c), s), pick(m, odd, s, c));
    return nan_at_infinity(m, x, pick(m, eq(m, x, num(m, 0)), x, y));
}
