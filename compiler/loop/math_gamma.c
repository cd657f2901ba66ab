/* lgamma, digamma; in f64 for both dtypes.
**
** Below 1/2 by reflection; in the middle by stepping down to where a polynomial holds; above by Stirling's series.  Near their
** zeros (1 and 2; 1.4616...) the polynomials are written so that the zero is exact. */
#include "loop/math.h"
#include "loop/math_tables.h"

static const double pi = 0x1.921fb54442d18p+1;

/* How far x is from the nearest whole number. */
static LValue *from_whole(const Math *m, LValue *x) { return absolute(m, sub(m, x, loop_unary(m->b, OP_round, x))); }

/* sin(pi x), x up to 1/2 */
static LValue *sin_pi(const Math *m, LValue *x) {
    return math_sin_of_half(m, (Angle){ mul_num(m, x, pi), num(m, 0), NULL });
}

/* lgamma for a in 1/2 .. 2.5 less the logarithm, whose argument below 0.7 is a. */
static LValue *lgamma_middle(const Math *m, LValue *a) {
    LValue *one = both(m, above(m, a, 0.7), below(m, a, 1.5));
    LValue *t1 = add_num(m, a, -1), *t2 = add_num(m, a, -2);
    t2 = pick(m, below(m, a, 1.5), t1, t2); /* a + 1 - 2 */
    return pick(m, one, mul(m, t1, poly(m, t1, lgamma_1, COUNT(lgamma_1))),
                mul(m, t2, poly(m, t2, lgamma_2, COUNT(lgamma_2))));
}

static LValue *lgamma_f64(const Math *m, LValue *x) {
    LValue *reflects = below(m, x, 0.5), *a = pick(m, reflects, sub(m, num(m, 1), x), x);
    LValue *low = a, *product = num(m, 1);
    for (int i = 0; i < 6; i++) {
        LValue *down = add_num(m, low, -1), *more = opposite(m, below(m, low, 2.5));
        product = pick(m, more, mul(m, product, down), product);
        low = pick(m, more, down, low);
    }
    LValue *large = opposite(m, below(m, a, 8)), *tiny = opposite(m, above(m, a, 0.7));
    LValue *log = math_log(m, pick(m, large, a, pick(m, tiny, a, product)));
    LValue *middle = add(m, lgamma_middle(m, low), pick(m, tiny, neg(m, log), log));
    LValue *inverse = quotient(m, num(m, 1), a);
    LValue *tail = mul(m, poly(m, mul(m, inverse, inverse), lgamma_large, COUNT(lgamma_large)), inverse);
    LValue *high = mul(m, add_num(m, a, -0.5), add_num(m, log, -1));
    high = add(m, high, add_num(m, tail, 0.41893853320467274178)); /* (log(2 pi) - 1) / 2 */
    LValue *y = pick(m, large, high, middle);

    LLoop c = loop_if_rare(m->b, loop_any(m->b, reflects));
    LValue *sine = sin_pi(m, from_whole(m, x));
    LValue *other = sub(m, sub(m, num(m, 0x1.250d048e7a1bdp+0), math_log(m, sine)), y); /* log(pi) */
    LValue *pole = both(m, opposite(m, above(m, x, 0)), eq(m, loop_unary(m->b, OP_trunc, x), x));
    LValue *reflected = pick(m, pole, num(m, INFINITY), pick(m, reflects, other, y));
    loop_else(m->b, &c, 1, &reflected);
    loop_end_if(m->b, &c, 1, &y);
    LValue *infinite = eq(m, absolute(m, x), num(m, INFINITY));
    return pick(m, infinite, num(m, INFINITY), c.carry[0]);
}

static LValue *digamma_f64(const Math *m, LValue *x) {
    LValue *reflects = below(m, x, 0.5), *a = pick(m, reflects, sub(m, num(m, 1), x), x);
    LValue *small = below(m, a, 1), *low = pick(m, small, add_num(m, a, 1), a);
    /* the sum of the inverses of what is stepped over, as top / bottom */
    LValue *top = pick(m, small, num(m, -1), num(m, 0)), *bottom = pick(m, small, a, num(m, 1));
    for (int i = 0; i < 8; i++) {
        LValue *down = add_num(m, low, -1), *more = above(m, low, 2);
        top = pick(m, more, mul_add(m, top, down, bottom), top);
        bottom = pick(m, more, mul(m, bottom, down), bottom);
        low = pick(m, more, down, low);
    }
    LValue *from_zero = sub(m, add_num(m, low, -digamma_zero[0]), num(m, digamma_zero[1]));
    LValue *near = mul(m, from_zero, poly(m, add_num(m, low, -1.5), digamma_near, COUNT(digamma_near)));
    LValue *middle = add(m, near, quotient(m, top, bottom));
    LValue *inverse = quotient(m, num(m, 1), a), *square = mul(m, inverse, inverse);
    LValue *high = sub(m, math_log(m, a), mul_num(m, inverse, 0.5));
    high = sub(m, high, mul(m, square, poly(m, square, digamma_large, COUNT(digamma_large))));
    LValue *y = pick(m, below(m, a, 10), middle, high);

    LLoop c = loop_if_rare(m->b, loop_any(m->b, reflects));
    LValue *size = from_whole(m, x), *slope = quotient(m, sin_pi(m, sub(m, num(m, 0.5), size)), sin_pi(m, size));
    LValue *f = sub(m, x, loop_unary(m->b, OP_round, x));
    slope = pick(m, below(m, f, 0), neg(m, slope), slope);
    LValue *pole = both(m, opposite(m, above(m, x, 0)), eq(m, loop_unary(m->b, OP_trunc, x), x));
    LValue *reflected = pick(m, reflects, sub(m, y, mul_num(m, slope, pi)), y);
    reflected = pick(m, pole, num(m, NAN), reflected);
    loop_else(m->b, &c, 1, &reflected);
    loop_end_if(m->b, &c, 1, &y);
    return c.carry[0];
}

static LValue *widened(const Math *m, LValue *x, LValue *(*f)(const Math *, LValue *)) {
    if (m->wide) return f(m, x);
    LValue *wide = loop_convert(m->b, x, DT_f64);
    Math w = math_of(m->b, wide->type);
    return loop_convert(m->b, f(&w, wide), DT_f32);
}

LValue *math_lgamma(const Math *m, LValue *x) { return widened(m, x, lgamma_f64); }
LValue *math_digamma(const Math *m, LValue *x) { return widened(m, x, digamma_f64); }
