/* math: what the files of elementary functions share.
**
** A function is written once for f32 and f64 and any number of lanes, in operations that round exactly, so that its bits
** are the same in a vector and in what is left over, on any machine with a fused multiply-add. */
#ifndef JXL_LOOP_MATH_H
#define JXL_LOOP_MATH_H

#include "loop/loop.h"

#include <math.h>

typedef struct {
    LBuilder *b;
    LType type, bits; /* f32 or f64; i32 or i64 with as many lanes */
    bool wide, fused; /* f64; whether fma is one rounding here */
    int fraction, bias;
    double magic; /* added to a number, its integer part stands in the lowest bits */
} Math;

Math math_of(LBuilder *, LType);

LValue *num(const Math *, double);
LValue *bits_num(const Math *, int64_t);
LValue *as_bits(const Math *, LValue *);
LValue *as_float(const Math *, LValue *);
LValue *neg(const Math *, LValue *);
LValue *absolute(const Math *, LValue *);
LValue *add(const Math *, LValue *, LValue *);
LValue *sub(const Math *, LValue *, LValue *);
LValue *mul(const Math *, LValue *, LValue *);
LValue *quotient(const Math *, LValue *, LValue *);
LValue *mul_add(const Math *, LValue *x, LValue *y, LValue *z);
LValue *add_num(const Math *, LValue *, double);
LValue *mul_num(const Math *, LValue *, double);
LValue *square_root(const Math *, LValue *);
LValue *lt(const Math *, LValue *, LValue *);
LValue *eq(const Math *, LValue *, LValue *);
LValue *below(const Math *, LValue *, double);
LValue *above(const Math *, LValue *, double);
LValue *both(const Math *, LValue *, LValue *);
LValue *either(const Math *, LValue *, LValue *);
LValue *opposite(const Math *, LValue *);
LValue *pick(const Math *, LValue *c, LValue *x, LValue *y);
LValue *clamp(const Math *, LValue *, double low, double high); /* nan stays */
LValue *with_sign_of(const Math *, LValue *x, LValue *sign);    /* x is not negative */
LValue *poly(const Math *, LValue *x, const double *c, int n);
/* The terms are changed: they are joined in pairs, and these again where there are many, so that few steps wait for each other. */
LValue *poly_of(const Math *, LValue *x, LValue **terms, int n);
/* Each row holds a coefficient for each of some stretches.  Those of f64, which may come from memory, are looked up in pairs, as they are
** needed. */
LValue *poly_of_rows(const Math *, LValue *x, LValue *which, const double (*rows)[16], int n, int stretches);
LValue *table_entry(const Math *, LValue *which, const double *table,
                    int n);                    /* 8, 16 or 32 in a table; which modulo that */
LValue *to_integer(const Math *, LValue *x);   /* nearest, |x| below 2^22 (2^51) */
LValue *power_of_two(const Math *, LValue *n); /* of a whole number within the exponents */

/* Two numbers whose sum is meant. */
typedef struct {
    LValue *hi, *lo;
} Double;
Double exact_product(const Math *, LValue *, LValue *);
LValue *product_plus(const Math *, LValue *x, LValue *y,
                     LValue *z); /* x y + z with next to no more roundings than one */
Double exact_sum(const Math *, LValue *, LValue *);
Double ordered_sum(const Math *, LValue *larger, LValue *smaller);
LValue *less_product(const Math *, LValue *x, LValue *n, double part); /* x - n part, one rounding of that product */

/* f(x) for x >= 0, by a polynomial for each stretch of numbers; rows as `pieces` of coefficients.py makes them.  The second
** stretch begins at `first`, which has a stretch for each value of its highest `digits` bits behind the point; from `last` on
** f is what it is there.  All that is said of x + `more`.  An `odd` function is about x in the first stretch.  Eight stretches fit into
** a register of AVX2. */
typedef struct {
    const double (*rows)[16];
    int nrows, stretches, digits;
    double first, last, more;
    bool odd;
} Pieces;
LValue *piecewise(const Math *, LValue *x, const Pieces *);

/* The table of the dtype. */
#define TABLE(m, name) ((m)->wide ? name##_f64 : name##_f32), ((m)->wide ? COUNT(name##_f64) : COUNT(name##_f32))

/* math_exp.c */
LValue *math_exp(const Math *, LValue *);
LValue *math_exp_sum(const Math *, LValue *sum, Double x);  /* exp(x), sum its two numbers' */
LValue *math_exp_near(const Math *, LValue *sum, Double x); /* the same where it is neither infinite nor denormal */
LValue *math_exp_times(const Math *, LValue *x, LValue *lo, LValue *y); /* exp(x + lo) y */
LValue *math_exp2(const Math *, LValue *);
LValue *math_expm1(const Math *, LValue *);
LValue *math_logistic(const Math *, LValue *);
LValue *math_sinh(const Math *, LValue *);
LValue *math_cosh(const Math *, LValue *);
LValue *math_tanh(const Math *, LValue *);

/* math_log.c */
typedef struct {
    LValue *e, *m; /* x = 2^e m */
} Parts;
Parts math_parts(const Math *, LValue *positive);    /* m in 3/4..3/2 */
Parts math_exponent(const Math *, LValue *positive); /* m in 1..2 */
typedef struct {
    LValue *inverse, *base,
        *low; /* log x = base + low + log(m inverse), and m inverse is next to 1; base has few bits */
} Stretch;
Stretch math_stretch(const Math *, Parts);                        /* m in 1..2 */
LValue *math_above_one(const Math *, LValue *m, LValue *inverse); /* m inverse - 1, exactly */
LValue *math_log(const Math *, LValue *);
LValue *math_log2(const Math *, LValue *);
LValue *math_log1p(const Math *, LValue *);
LValue *math_asinh(const Math *, LValue *);
LValue *math_acosh(const Math *, LValue *);
LValue *math_atanh(const Math *, LValue *);

/* math_trig.c, math_reduce.c, math_arc.c */
typedef struct {
    LValue *r, *less,
        *turns; /* x = turns pi/2 + r - less, or x = turns pi + r - less; the lowest bits of the turns count */
} Angle;
Angle math_quarter_turns(const Math *, LValue *);
Angle math_half_turns(const Math *, LValue *, bool cosine); /* of x, or of x + pi/2 */
LValue *math_sin_of_half(const Math *, Angle);              /* without its sign */
LValue *math_sin(const Math *, LValue *);
LValue *math_cos(const Math *, LValue *);
LValue *math_tan(const Math *, LValue *);
LValue *math_asin(const Math *, LValue *);
LValue *math_acos(const Math *, LValue *);
LValue *math_atan(const Math *, LValue *);
LValue *math_atan2(const Math *, LValue *y, LValue *x);

/* math_rem.c */
LValue *math_rem(const Math *, LValue *x, LValue *y);

/* math_pow.c */
LValue *math_pow(const Math *, LValue *x, LValue *y);
LValue *math_cbrt(const Math *, LValue *);
LValue *math_rsqrt(const Math *, LValue *);

/* math_erf.c, math_gamma.c */
LValue *math_erf(const Math *, LValue *);
LValue *math_erfc(const Math *, LValue *);
LValue *math_erf_inv(const Math *, LValue *);
LValue *math_lgamma(const Math *, LValue *);
LValue *math_digamma(const Math *, LValue *);

#endif
