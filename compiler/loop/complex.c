/* complex: elementwise operations of the tensor IR on elements; complex numbers as their two parts. */
#include "loop/lower.h"

Elem elem_splat(Lower *l, Elem x, int lanes) {
    return (Elem){ loop_splat(&l->b, x.re, lanes), x.im ? loop_splat(&l->b, x.im, lanes) : NULL };
}

Elem elem_select(Lower *l, LValue *c, Elem x, Elem y) {
    LBuilder *b = &l->b;
    return (Elem){ loop_select(b, c, x.re, y.re), x.im ? loop_select(b, c, x.im, y.im) : NULL };
}

static LValue *un(Lower *l, Op op, LValue *x) { return loop_apply(&l->b, op, 1, &x); }
static LValue *bin(Lower *l, Op op, LValue *x, LValue *y) { return loop_apply(&l->b, op, 2, (LValue *[]){ x, y }); }
static LValue *num(Lower *l, LValue *like, double x) { return loop_real(&l->b, like->type, x); }

Elem complex_mul(Lower *l, Elem x, Elem y) {
    LBuilder *b = &l->b;
    return (Elem){ loop_sub(b, loop_mul(b, x.re, y.re), loop_mul(b, x.im, y.im)),
                   loop_add(b, loop_mul(b, x.re, y.im), loop_mul(b, x.im, y.re)) };
}

static Elem scaled(Lower *l, Elem x, LValue *s) { return (Elem){ loop_mul(&l->b, x.re, s), loop_mul(&l->b, x.im, s) }; }

/* Smith's division: by the larger part of y, so that nothing overflows on the way. */
Elem complex_div(Lower *l, Elem x, Elem y) {
    LBuilder *b = &l->b;
    LValue *by_re = bin(l, OP_ge, un(l, OP_abs, y.re), un(l, OP_abs, y.im));
    LValue *big = loop_select(b, by_re, y.re, y.im), *small = loop_select(b, by_re, y.im, y.re);
    LValue *r = bin(l, OP_div, small, big), *d = loop_add(b, big, loop_mul(b, small, r));
    LValue *p = loop_select(b, by_re, x.re, x.im), *q = loop_select(b, by_re, x.im, x.re);
    LValue *re = bin(l, OP_div, loop_add(b, p, loop_mul(b, q, r)), d);
    LValue *im = bin(l, OP_div, loop_sub(b, q, loop_mul(b, p, r)), d);
    return (Elem){ re, loop_select(b, by_re, im, un(l, OP_neg, im)) };
}

/* |x| without overflow on the way. */
static LValue *magnitude(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *re = un(l, OP_abs, x.re), *im = un(l, OP_abs, x.im), *zero = num(l, re, 0);
    LValue *big = bin(l, OP_max, re, im), *small = bin(l, OP_min, re, im);
    LValue *r = bin(l, OP_div, small, big);
    LValue *h = loop_mul(b, big, un(l, OP_sqrt, loop_add(b, num(l, re, 1), loop_mul(b, r, r))));
    LValue *infinite = bin(l, OP_eq, big, num(l, re, __builtin_inf()));
    h = loop_select(b, infinite, big, h);
    return loop_select(b, bin(l, OP_eq, big, zero), zero, h);
}

static Elem complex_exp(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *r = un(l, OP_exp, x.re), *zero = num(l, x.re, 0);
    LValue *real = bin(l, OP_eq, x.im, zero); /* so that inf * sin(0) is not nan */
    LValue *im = loop_mul(b, r, un(l, OP_sin, x.im));
    return (Elem){ loop_select(b, real, r, loop_mul(b, r, un(l, OP_cos, x.im))), loop_select(b, real, x.im, im) };
}

/* Near |x| = 1, where the logarithm loses its digits, of |x|^2 - 1 = (re - 1)(re + 1) + im^2. */
static Elem complex_log(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *r = magnitude(l, x), *one = num(l, r, 1),
           *off = loop_mul(b, loop_sub(b, x.re, one), loop_add(b, x.re, one));
    LValue *by_off = loop_mul(b, num(l, r, 0.5), un(l, OP_log1p, loop_add(b, off, loop_mul(b, x.im, x.im))));
    LValue *near = loop_binary(b, OP_and, bin(l, OP_gt, r, num(l, r, 0.5)), bin(l, OP_lt, r, num(l, r, 2)));
    return (Elem){ loop_select(b, near, by_off, un(l, OP_log, r)), bin(l, OP_atan2, x.im, x.re) };
}

/* Of small x by |1 + x|^2 - 1 = re (2 + re) + im^2. */
static Elem complex_log1p(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *one = num(l, x.re, 1), *half = num(l, x.re, 0.5);
    Elem y = complex_log(l, (Elem){ loop_add(b, x.re, one), x.im });
    LValue *off = loop_add(b, loop_mul(b, x.re, loop_add(b, num(l, one, 2), x.re)), loop_mul(b, x.im, x.im));
    LValue *small = bin(l, OP_lt, magnitude(l, x), half);
    y.re = loop_select(b, small, loop_mul(b, half, un(l, OP_log1p, off)), y.re);
    return y;
}

/* e^a cos b - 1 = (e^a - 1) cos b - 2 sin(b/2)^2 */
static Elem complex_expm1(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *e = un(l, OP_expm1, x.re), *s = un(l, OP_sin, loop_mul(b, num(l, e, 0.5), x.im));
    LValue *twice = loop_mul(b, num(l, e, 2), loop_mul(b, s, s));
    return (Elem){ loop_sub(b, loop_mul(b, e, un(l, OP_cos, x.im)), twice), complex_exp(l, x).im };
}

/* The root with the non-negative real part. */
static Elem complex_sqrt(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *zero = num(l, x.re, 0), *half = num(l, x.re, 0.5);
    LValue *a = un(l, OP_sqrt, loop_mul(b, half, loop_add(b, magnitude(l, x), un(l, OP_abs, x.re))));
    LValue *c = bin(l, OP_div, loop_mul(b, half, x.im), a);
    LValue *right = bin(l, OP_ge, x.re, zero);
    LValue *up = un(l, OP_abs, c);
    LValue *re = loop_select(b, right, a, up);
    LValue *im = loop_select(b, right, c, bin(l, OP_copysign, a, x.im));
    LValue *none = bin(l, OP_eq, a, zero);
    return (Elem){ loop_select(b, none, zero, re), loop_select(b, none, x.im, im) };
}

static Elem complex_sin(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    return (Elem){ loop_mul(b, un(l, OP_sin, x.re), un(l, OP_cosh, x.im)),
                   loop_mul(b, un(l, OP_cos, x.re), un(l, OP_sinh, x.im)) };
}

static Elem complex_cos(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *im = loop_mul(b, un(l, OP_sin, x.re), un(l, OP_sinh, x.im));
    return (Elem){ loop_mul(b, un(l, OP_cos, x.re), un(l, OP_cosh, x.im)), un(l, OP_neg, im) };
}

static Elem times_i(Lower *l, Elem x) { return (Elem){ un(l, OP_neg, x.im), x.re }; }
static Elem over_i(Lower *l, Elem x) { return (Elem){ x.im, un(l, OP_neg, x.re) }; }

/* tanh(a + bi) = (sinh 2a + i sin 2b) / (cosh 2a + cos 2b), and 1 where that overflows */
static Elem complex_tanh(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *a = loop_add(b, x.re, x.re), *c = loop_add(b, x.im, x.im), *t = un(l, OP_tanh, x.re);
    LValue *d = loop_add(b, un(l, OP_cosh, a), un(l, OP_cos, c));
    LValue *far = bin(l, OP_gt, un(l, OP_abs, x.re), num(l, x.re, 20));
    LValue *re = loop_select(b, far, t, bin(l, OP_div, un(l, OP_sinh, a), d));
    return (Elem){ re, loop_select(b, far, num(l, x.re, 0), bin(l, OP_div, un(l, OP_sin, c), d)) };
}

/* The inverse functions after Kahan (Branch cuts for complex elementary functions, 1987): square roots of 1 - x and 1 + x have
** their digits where x is near 1, and the cuts are on the right side for zeros of either sign. */
typedef struct {
    Elem minus, plus; /* sqrt(1 - x), sqrt(1 + x) */
} Roots;
static Roots roots_of(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *one = num(l, x.re, 1);
    Elem minus = { loop_sub(b, one, x.re), un(l, OP_neg, x.im) }, plus = { loop_add(b, one, x.re), x.im };
    return (Roots){ complex_sqrt(l, minus), complex_sqrt(l, plus) };
}
static LValue *real_of_product(Lower *l, Elem x, Elem y) {
    return loop_sub(&l->b, loop_mul(&l->b, x.re, y.re), loop_mul(&l->b, x.im, y.im));
}
static LValue *imag_of_conj_product(Lower *l, Elem x, Elem y) { /* of conj(x) y */
    return loop_sub(&l->b, loop_mul(&l->b, x.re, y.im), loop_mul(&l->b, x.im, y.re));
}
static LValue *doubled(Lower *l, LValue *x) { return loop_add(&l->b, x, x); }

static Elem complex_asin(Lower *l, Elem x) {
    Roots r = roots_of(l, x);
    LValue *im = un(l, OP_asinh, imag_of_conj_product(l, r.minus, r.plus));
    return (Elem){ bin(l, OP_atan2, x.re, real_of_product(l, r.minus, r.plus)), im };
}
static Elem complex_acos(Lower *l, Elem x) {
    Roots r = roots_of(l, x);
    LValue *im = un(l, OP_asinh, imag_of_conj_product(l, r.plus, r.minus));
    return (Elem){ doubled(l, bin(l, OP_atan2, r.minus.re, r.plus.re)), im };
}
static Elem complex_acosh(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *one = num(l, x.re, 1);
    Elem down = complex_sqrt(l, (Elem){ loop_sub(b, x.re, one), x.im });
    Elem up = complex_sqrt(l, (Elem){ loop_add(b, x.re, one), x.im });
    LValue *re = loop_add(b, loop_mul(b, down.re, up.re), loop_mul(b, down.im, up.im));
    return (Elem){ un(l, OP_asinh, re), doubled(l, bin(l, OP_atan2, down.im, up.re)) };
}
/* re = log1p(4 a / ((1 - a)^2 + b^2)) / 4 for a = |re x|; im = atan2(2 b, (1 - a)(1 + a) - b^2) / 2 */
static Elem complex_atanh(Lower *l, Elem x) {
    LBuilder *b = &l->b;
    LValue *one = num(l, x.re, 1), *a = un(l, OP_abs, x.re), *square = loop_mul(b, x.im, x.im),
           *off = loop_sub(b, one, a);
    LValue *d = loop_add(b, loop_mul(b, off, off), square);
    LValue *re = un(l, OP_log1p, bin(l, OP_div, loop_mul(b, num(l, a, 4), a), d));
    LValue *across = loop_sub(b, loop_mul(b, off, loop_add(b, one, a)), square);
    LValue *im = loop_mul(b, num(l, a, 0.5), bin(l, OP_atan2, doubled(l, x.im), across));
    return (Elem){ bin(l, OP_copysign, loop_mul(b, num(l, a, 0.25), re), x.re), im };
}

/* Ordered by the real parts, and where they are equal by the imaginary ones. */
static LValue *ordered(Lower *l, Op op, Elem x, Elem y) {
    LBuilder *b = &l->b;
    Op strict = op == OP_le ? OP_lt : op == OP_ge ? OP_gt : op;
    LValue *same = loop_binary(b, OP_and, bin(l, OP_eq, x.re, y.re), bin(l, op, x.im, y.im));
    return loop_binary(b, OP_or, bin(l, strict, x.re, y.re), same);
}

static Elem complex_pow(Lower *l, Elem x, Elem y) {
    LBuilder *b = &l->b;
    LValue *zero = num(l, x.re, 0), *one = num(l, x.re, 1);
    LValue *x0 = loop_binary(b, OP_and, bin(l, OP_eq, x.re, zero), bin(l, OP_eq, x.im, zero));
    LValue *y0 = loop_binary(b, OP_and, bin(l, OP_eq, y.re, zero), bin(l, OP_eq, y.im, zero));
    Elem z = complex_exp(l, complex_mul(l, y, complex_log(l, x)));
    z = elem_select(l, x0, (Elem){ zero, zero }, z);
    return elem_select(l, y0, (Elem){ one, zero }, z);
}

static Elem on_complex(Lower *l, const Inst *in, const Elem *x) {
    LBuilder *b = &l->b;
    Elem one = { num(l, x[0].re, 1), num(l, x[0].re, 0) }, y = x[1];
    switch ((int)in->op) {
    case OP_neg: return (Elem){ un(l, OP_neg, x[0].re), un(l, OP_neg, x[0].im) };
    case OP_stop_gradient: return x[0];
    case OP_real: return (Elem){ x[0].re, NULL };
    case OP_imag: return (Elem){ x[0].im, NULL };
    case OP_conj: return (Elem){ x[0].re, un(l, OP_neg, x[0].im) };
    case OP_abs: return (Elem){ magnitude(l, x[0]), NULL };
    case OP_sign: {
        LValue *r = magnitude(l, x[0]), *none = bin(l, OP_eq, r, one.im);
        return elem_select(l, none, x[0], scaled(l, x[0], bin(l, OP_div, one.re, r)));
    }
    case OP_is_finite: {
        LValue *re = un(l, OP_is_finite, x[0].re);
        return (Elem){ loop_binary(b, OP_and, re, un(l, OP_is_finite, x[0].im)), NULL };
    }
    case OP_add: return (Elem){ loop_add(b, x[0].re, y.re), loop_add(b, x[0].im, y.im) };
    case OP_sub: return (Elem){ loop_sub(b, x[0].re, y.re), loop_sub(b, x[0].im, y.im) };
    case OP_mul: return complex_mul(l, x[0], y);
    case OP_div: return complex_div(l, x[0], y);
    case OP_fma: {
        Elem p = complex_mul(l, x[0], y);
        return (Elem){ loop_add(b, p.re, x[2].re), loop_add(b, p.im, x[2].im) };
    }
    case OP_cotangent_mul: {
        LValue *none = loop_binary(b, OP_and, bin(l, OP_eq, x[0].re, one.im), bin(l, OP_eq, x[0].im, one.im));
        return elem_select(l, none, (Elem){ one.im, one.im }, complex_mul(l, x[0], y));
    }
    case OP_eq: {
        LValue *re = bin(l, OP_eq, x[0].re, y.re);
        return (Elem){ loop_binary(b, OP_and, re, bin(l, OP_eq, x[0].im, y.im)), NULL };
    }
    case OP_ne: {
        LValue *re = bin(l, OP_ne, x[0].re, y.re);
        return (Elem){ loop_binary(b, OP_or, re, bin(l, OP_ne, x[0].im, y.im)), NULL };
    }
    case OP_lt:
    case OP_le:
    case OP_gt:
    case OP_ge: return (Elem){ ordered(l, in->op, x[0], y), NULL };
    case OP_exp: return complex_exp(l, x[0]);
    case OP_exp2: return complex_exp(l, scaled(l, x[0], num(l, x[0].re, 0.69314718055994530942)));
    case OP_log: return complex_log(l, x[0]);
    case OP_log2: return scaled(l, complex_log(l, x[0]), num(l, x[0].re, 1.4426950408889634074));
    case OP_log1p: return complex_log1p(l, x[0]);
    case OP_expm1: return complex_expm1(l, x[0]);
    case OP_asin: return complex_asin(l, x[0]);
    case OP_acos: return complex_acos(l, x[0]);
    case OP_atan: return over_i(l, complex_atanh(l, times_i(l, x[0])));
    case OP_asinh: return over_i(l, complex_asin(l, times_i(l, x[0])));
    case OP_acosh: return complex_acosh(l, x[0]);
    case OP_atanh: return complex_atanh(l, x[0]);
    case OP_sqrt: return complex_sqrt(l, x[0]);
    case OP_rsqrt: return complex_div(l, one, complex_sqrt(l, x[0]));
    case OP_sin: return complex_sin(l, x[0]);
    case OP_cos: return complex_cos(l, x[0]);
    case OP_tan: return over_i(l, complex_tanh(l, times_i(l, x[0])));
    case OP_sinh: return over_i(l, complex_sin(l, times_i(l, x[0])));
    case OP_cosh: return complex_cos(l, times_i(l, x[0]));
    case OP_tanh: return complex_tanh(l, x[0]);
    case OP_logistic: {
        Elem e = complex_exp(l, (Elem){ un(l, OP_neg, x[0].re), un(l, OP_neg, x[0].im) });
        return complex_div(l, one, (Elem){ loop_add(b, e.re, one.re), e.im });
    }
    case OP_pow: return complex_pow(l, x[0], y);
    default: return (Elem){ NULL, NULL };
    }
}

/* Half precision floats go by way of f32; everything else directly. */
static LValue *converted(LBuilder *b, LValue *x, DType to) {
    DType from = (DType)x->type.dtype;
    bool half_from = from == DT_f16 || from == DT_bf16;
    if (half_from && to != DT_f32 && to != from) x = loop_convert(b, x, DT_f32);
    return loop_convert(b, x, to);
}

static Elem elem_convert(Lower *l, Elem x, DType to) {
    LBuilder *b = &l->b;
    if (to == DT_bool && x.im) {
        return (Elem){ loop_binary(b, OP_or, converted(b, x.re, to), converted(b, x.im, to)), NULL };
    }
    DType part = dtype_real(to);
    Elem y = { converted(b, x.re, part), NULL };
    if (dtype_is_complex(to)) y.im = x.im ? converted(b, x.im, part) : loop_int(b, y.re->type, 0);
    return y;
}

Elem elem_apply(Lower *l, const Inst *in, const Elem *x, DType from, LValue *live) {
    LBuilder *b = &l->b;
    bool on_integers = !dtype_is_inexact(from) && from != DT_bool;
    switch ((int)in->op) {
    case OP_convert: return elem_convert(l, x[0], in->attrs->dtype);
    case OP_bitcast:
        if (x[0].im) return x[0];
        return (Elem){ loop_bitcast(b, x[0].re, in->attrs->dtype), NULL };
    case OP_complex: return (Elem){ x[0].re, x[1].re };
    case OP_select: return elem_select(l, x[0].re, x[1], x[2]);
    case OP_integer_pow: return elem_integer_pow(l, x[0], in->attrs->exponent);
    case OP_int_add:
    case OP_int_sub:
    case OP_int_mul:
    case OP_int_floordiv:
    case OP_int_mod:
    case OP_int_pow: return (Elem){ python_int(l, in, x[0].re, x[1].re, live), NULL };
    case OP_pow:
        if (on_integers) {
            int lanes = x[0].re->type.lanes > x[1].re->type.lanes ? x[0].re->type.lanes : x[1].re->type.lanes;
            return (Elem){ integer_pow(b, loop_splat(b, x[0].re, lanes), loop_splat(b, x[1].re, lanes)), NULL };
        }
        break;
    default: break;
    }
    if (dtype_is_complex(from)) {
        Elem y = on_complex(l, in, x);
        if (!y.re) {
            diag(l->cx, in->origin ? in->origin->span : (Span){ 0 }, "%s of %s is not supported yet", op_name(in->op),
                 dtype_name(from));
            return x[0];
        }
        return y;
    }
    LValue *v[3];
    for (int i = 0; i < in->nargs; i++) v[i] = x[i].re;
    return (Elem){ loop_apply(b, in->op, in->nargs, v), NULL };
}
