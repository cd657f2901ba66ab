/* asin, acos, atan, atan2. */
#include "loop/math.h"
#include "loop/math_tables.h"

static const double pi_parts[2][2] = { { 0x1.921fb6p+1, -0x1.777a5cp-24 },
                                       { 0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53 } };

/* For |x| above 1/2, with s = sqrt((1 - |x|) / 2): asin |x| = pi/2 - 2 asin s, acos |x| = 2 asin s. */
typedef struct {
    LValue *large, *s, *more; /* whether |x| is; s or |x|, and what its arc is longer */
} Arc;

static Arc arc(const Math *m, LValue *a) {
    LValue *large = above(m, a, 0.5);
    LValue *z = pick(m, large, mul_num(m, sub(m, num(m, 1), a), 0.5), mul(m, a, a));
    LValue *root = square_root(m, z);
    /* the root's own rounding, (z - s s) / (2 s); a little more below, for the root of 0 */
    LValue *lost = quotient(m, less_square(m, z, root), add_num(m, add(m, root, root), 0x1p-100));
    LValue *s = pick(m, large, root, a);
    LValue *more = mul_add(m, mul(m, s, z), poly(m, z, TABLE(m, asin)), pick(m, large, lost, num(m, 0)));
    return (Arc){ large, s, more };
}

/* pi - 2 s - 2 more, or half of pi less that */
static LValue *less_twice(const Math *m, double part, Arc a) {
    const double *pi = pi_parts[m->wide];
    Double most = exact_sum(m, num(m, pi[0] * part), mul_num(m, a.s, -2));
    LValue *low = add_num(m, mul_num(m, a.more, -2), pi[1] * part);
    return add(m, most.hi, add(m, most.lo, low));
}

LValue *math_asin(const Math *m, LValue *x) {
    Arc a = arc(m, absolute(m, x));
    LValue *y = pick(m, a.large, less_twice(m, 0.5, a), add(m, a.s, a.more)); /* the root is nan beyond 1 */
    return pick(m, eq(m, x, num(m, 0)), x, with_sign_of(m, y, x));
}

LValue *math_acos(const Math *m, LValue *x) {
    const double *pi = pi_parts[m->wide];
    Arc a = arc(m, absolute(m, x));
    LValue *arc_x = add(m, a.s, a.more), *negative = below(m, x, 0);
    LValue *large = pick(m, negative, less_twice(m, 1, a), add(m, arc_x, arc_x));
    LValue *small = add_num(m, sub(m, num(m, pi[1] / 2), with_sign_of(m, arc_x, x)), pi[0] / 2);
    return pick(m, a.large, large, small);
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

LValue *math_atan2(const Math *m, LValue *y, LValue *x) {
    const double *pi = pi_parts[m->wide];
    LValue *a = absolute(m, y), *c = absolute(m, x), *infinite = num(m, INFINITY);
    LValue *level =
        either(m, both(m, eq(m, a, infinite), eq(m, c, infinite)), both(m, eq(m, a, num(m, 0)), eq(m, c, num(m, 0))));
    LValue *huge = either(m, above(m, a, m->wide ? 0x1p1022 : 0x1p126), above(m, c, m->wide ? 0x1p1022 : 0x1p126));
    LValue *scale = pick(m, huge, num(m, 0.25), num(m, 1));
    /* both infinite: as both 1; both zero: as 0 over 1 */
    LValue *top = pick(m, level, pick(m, eq(m, a, num(m, 0)), a, num(m, 1)), mul(m, a, scale));
    LValue *bottom = pick(m, level, num(m, 1), mul(m, c, scale));
    LValue *r = ratio_arc(m, top, bottom);
    LValue *left = loop_binary(m->b, OP_lt, as_bits(m, x), bits_num(m, 0)); /* -0 is on the left too */
    LValue *other = add_num(m, sub(m, num(m, pi[1]), r), pi[0]);
    LValue *nan = either(m, loop_binary(m->b, OP_ne, x, x), loop_binary(m->b, OP_ne, y, y));
    return pick(m, nan, add(m, x, y), with_sign_of(m, pick(m, left, other, r), y));
}
