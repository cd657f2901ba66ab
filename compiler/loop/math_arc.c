/* asin, acos, atan, atan2. */
#include "loop/math.h"
#include "loop/math_tables.h"

static const double pi_parts[2][2] = { { 0x1.921fb6p+1, -0x1.777a5cp-24 },
                                       { 0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53 } };

/* base + s + s z q(z), z = s s: what base + s loses is put back. */
static LValue *arc(const Math *m, LValue *base, LValue *base_low, LValue *s, LValue *z) {
    Double most = ordered_sum(m, base, s);
    return add(m, most.hi, mul_add(m, mul(m, s, z), poly(m, z, TABLE(m, asin)), add(m, most.lo, base_low)));
}

/* For |x| above 1/2, with s = sqrt((1 - |x|) / 2): asin |x| = pi/2 - 2 asin s, acos |x| = 2 asin s.  The root is nan beyond 1. */
LValue *math_asin(const Math *m, LValue *x) {
    const double *pi = pi_parts[m->wide];
    LValue *a = absolute(m, x), *large = above(m, a, 0.5), *zero = num(m, 0);
    LValue *z = pick(m, large, mul_num(m, sub(m, num(m, 1), a), 0.5), mul(m, a, a));
    LValue *s = pick(m, large, mul_num(m, square_root(m, z), -2), a);
    LValue *base = pick(m, large, num(m, pi[0] / 2), zero), *low = pick(m, large, num(m, pi[1] / 2), zero);
    return with_sign_of(m, arc(m, base, low, s, z), x);
}

LValue *math_acos(const Math *m, LValue *x) {
    const double *pi = pi_parts[m->wide];
    LValue *a = absolute(m, x), *large = above(m, a, 0.5), *negative = below(m, x, 0), *zero = num(m, 0);
    LValue *z = pick(m, large, mul_num(m, sub(m, num(m, 1), a), 0.5), mul(m, a, a));
    LValue *s = pick(m, large, with_sign_of(m, mul_num(m, square_root(m, z), 2), x), neg(m, x));
    LValue *base = pick(m, large, pick(m, negative, num(m, pi[0]), zero), num(m, pi[0] / 2));
    LValue *low = pick(m, large, pick(m, negative, num(m, pi[1]), zero), num(m, pi[1] / 2));
    return arc(m, base, low, s, z);
}

/* atan(y / x) for y, x >= 0: tan(pi/8) and tan(3 pi/8) part the cases y/x, (y - x) / (y + x) and -x/y. */
static LValue *ratio_arc(const Math *m, LValue *y, LValue *x) {
    const double *pi = pi_parts[m->wide];
    LValue *steep = lt(m, mul_num(m, x, 0x1.3504f4p+1), y), *middle = lt(m, mul_num(m, x, 0x1.a8279ap-2), y);
    LValue *top = pick(m, steep, neg(m, x), pick(m, middle, sub(m, y, x), y));
    LValue *bottom = pick(m, steep, y, pick(m, middle, add(m, y, x), x));
    LValue *turn_hi = pick(m, steep, num(m, pi[0] / 2), pick(m, middle, num(m, pi[0] / 4), num(m, 0)));
    LValue *turn_lo = pick(m, steep, num(m, pi[1] / 2), pick(m, middle, num(m, pi[1] / 4), num(m, 0)));
    LValue *t = quotient(m, top, bottom), *z = mul(m, t, t);
    LValue *rest = mul_add(m, mul(m, t, z), poly(m, z, TABLE(m, atan)), turn_lo);
    return add(m, turn_hi, add(m, t, rest));
}

LValue *math_atan(const Math *m, LValue *x) { return with_sign_of(m, ratio_arc(m, absolute(m, x), num(m, 1)), x); }

/* Both infinite counts as both 1, both zero as 0 over 1; what is huge is made smaller. */
static void level(const Math *m, LValue **a, LValue **c) {
    LValue *zero = num(m, 0), *one = num(m, 1), *infinite = num(m, INFINITY), *x = *a, *y = *c;
    LValue *none = both(m, eq(m, x, zero), eq(m, y, zero)), *all = both(m, eq(m, x, infinite), eq(m, y, infinite));
    double most = m->wide ? 0x1p1022 : 0x1p126;
    LValue *scale = pick(m, either(m, above(m, x, most), above(m, y, most)), num(m, 0.25), one);
    *a = pick(m, all, one, mul(m, x, scale));
    *c = pick(m, either(m, all, none), one, mul(m, y, scale));
}

LValue *math_atan2(const Math *m, LValue *y, LValue *x) {
    const double *pi = pi_parts[m->wide];
    LBuilder *b = m->b;
    LValue *a = absolute(m, y), *c = absolute(m, x), *sum = add(m, a, c);
    LValue *usual = both(m, above(m, sum, 0), below(m, sum, m->wide ? 0x1p1022 : 0x1p126));
    LLoop l = loop_if_rare(b, loop_unary(b, OP_not, loop_all(b, usual)));
    LValue *special[] = { a, c };
    level(m, &special[0], &special[1]);
    loop_else(b, &l, 2, special);
    loop_end_if(b, &l, 2, (LValue *[]){ a, c });
    LValue *r = ratio_arc(m, l.carry[0], l.carry[1]);
    LValue *left = loop_binary(b, OP_lt, as_bits(m, x), bits_num(m, 0)); /* -0 is on the left too */
    LValue *other = add_num(m, sub(m, num(m, pi[1]), r), pi[0]);
    return with_sign_of(m, pick(m, left, other, r), y);
}
