/* rem: what is left of a division, as C's fmod: exact, with the sign of x.
**
** With q the whole part of the rounded quotient of the sizes, x - q y is computed exactly: q is right or, where the quotient was
** rounded up to it, one too many. */
#include "loop/math.h"

LValue *math_rem(const Math *m, LValue *x, LValue *y) {
    LBuilder *b = m->b;
    LValue *a = absolute(m, x), *c = absolute(m, y), *ratio = quotient(m, a, c);
    LValue *q = loop_unary(b, OP_trunc, ratio);
    Double product = exact_product(m, q, c);
    LValue *r = sub(m, sub(m, a, product.hi), product.lo);
    r = pick(m, below(m, r, 0), add(m, r, c), r);
    r = with_sign_of(m, r, x);
    /* where q is not exact, a product overflows or loses bits below all exponents, or there is no answer */
    LValue *usual = both(m, below(m, ratio, m->wide ? 0x1p50 : 0x1p22), below(m, a, m->wide ? 0x1p990 : 0x1p110));
    usual = both(m, usual, above(m, c, m->wide ? 0x1p-900 : 0x1p-70));
    LLoop rare = loop_if_rare(b, loop_unary(b, OP_not, loop_all(b, usual)));
    LValue *special = loop_plain(b, OP_rem, 2, (LValue *[]){ x, y }, (DType)m->type.dtype);
    loop_else(b, &rare, 1, &special);
    loop_end_if(b, &rare, 1, &r);
    return rare.carry[0];
}
