/* Derivatives of elementwise operations.
**
** Each is the derivative at x, from x and the result y, in a form that keeps its digits where the textbook's cancels. */
#include "ops/derive.h"
#include "ops/rules.h"

#include <math.h>

#define PI 3.14159265358979323846
#define LN2 0.69314718055994530942

static Value *square(Builder *b, Value *x) { return ir_mul(b, x, x); }
static Value *one_plus(Builder *b, Value *x) { return ir_add(b, number(b, x, 1), x); }
static Value *one_minus(Builder *b, Value *x) { return ir_sub(b, number(b, x, 1), x); }
static Value *reciprocal(Builder *b, Value *x) { return ir_div(b, number(b, x, 1), x); }
static bool is_complex(const Value *x) { return dtype_is_complex(x->type->dtype); }

/* dy = slope dx, for operations of one argument */
static void along(const Jvp *d, Value *slope) { d->dy[0] = ir_mul(d->b, d->t[0], slope); }

/* dy = sum of slope[i] dx[i] over the arguments that move; slopes are asked for one by one */
static void add_along(const Jvp *d, int i, Value *slope) {
    d->dy[0] = sum_of(d->b, d->dy[0], ir_mul(d->b, d->t[i], slope));
}

void jvp_abs(const Jvp *d) {
    Value *x = d->x[0], *y = d->y[0], *t = d->t[0];
    if (!is_complex(x)) { /* 1 at 0 */
        d->dy[0] = ir_select(d->b, ir_ge(d->b, x, number(d->b, x, 0)), t, ir_neg(d->b, t));
        return;
    }
    Value *safe = ir_select(d->b, ir_eq(d->b, y, number(d->b, y, 0)), number(d->b, y, 1), y);
    Value *direction = ir_div(d->b, ir_conj(d->b, x), ir_convert(d->b, safe, x->type->dtype));
    d->dy[0] = ir_real(d->b, ir_mul(d->b, t, direction));
}

void jvp_exp(const Jvp *d) { along(d, d->y[0]); }
void jvp_exp2(const Jvp *d) { along(d, scaled(d->b, d->y[0], LN2)); }
void jvp_expm1(const Jvp *d) { along(d, ir_exp(d->b, d->x[0])); } /* y + 1 cancels far below 0 */
void jvp_log(const Jvp *d) { along(d, reciprocal(d->b, d->x[0])); }
void jvp_log2(const Jvp *d) { along(d, ir_div(d->b, number(d->b, d->x[0], 1 / LN2), d->x[0])); }
void jvp_log1p(const Jvp *d) { along(d, reciprocal(d->b, one_plus(d->b, d->x[0]))); }
void jvp_sqrt(const Jvp *d) { along(d, ir_div(d->b, number(d->b, d->y[0], 0.5), d->y[0])); }
void jvp_rsqrt(const Jvp *d) { along(d, scaled(d->b, ir_div(d->b, d->y[0], d->x[0]), -0.5)); }
void jvp_cbrt(const Jvp *d) { along(d, ir_div(d->b, number(d->b, d->y[0], 1.0 / 3), square(d->b, d->y[0]))); }

void jvp_sin(const Jvp *d) { along(d, ir_cos(d->b, d->x[0])); }
void jvp_cos(const Jvp *d) { along(d, ir_neg(d->b, ir_sin(d->b, d->x[0]))); }
void jvp_tan(const Jvp *d) { along(d, one_plus(d->b, square(d->b, d->y[0]))); }
static Value *one_minus_square(Builder *b, Value *x) { return ir_mul(b, one_minus(b, x), one_plus(b, x)); }
void jvp_asin(const Jvp *d) { along(d, ir_rsqrt(d->b, one_minus_square(d->b, d->x[0]))); }
void jvp_acos(const Jvp *d) { along(d, ir_neg(d->b, ir_rsqrt(d->b, one_minus_square(d->b, d->x[0])))); }
void jvp_atan(const Jvp *d) { along(d, reciprocal(d->b, one_plus(d->b, square(d->b, d->x[0])))); }

void jvp_sinh(const Jvp *d) { along(d, ir_cosh(d->b, d->x[0])); }
void jvp_cosh(const Jvp *d) { along(d, ir_sinh(d->b, d->x[0])); }
void jvp_asinh(const Jvp *d) { along(d, ir_rsqrt(d->b, one_plus(d->b, square(d->b, d->x[0])))); }
void jvp_acosh(const Jvp *d) {
    Value *x = d->x[0];
    /* two roots: for complex x the root of the product lies on another branch */
    Value *below = ir_rsqrt(d->b, ir_sub(d->b, x, number(d->b, x, 1)));
    along(d, ir_mul(d->b, below, ir_rsqrt(d->b, one_plus(d->b, x))));
}
void jvp_atanh(const Jvp *d) { along(d, reciprocal(d->b, one_minus_square(d->b, d->x[0]))); }

void jvp_tanh(const Jvp *d) {
    Builder *b = d->b;
    if (is_complex(d->x[0])) {
        along(d, one_minus(b, square(b, d->y[0])));
        return;
    }
    /* 1 - y y has no digits left where y rounds to 1; with e = exp(-2|x|) it is 4 e / (1 + e)^2 */
    Value *e = ir_exp(b, scaled(b, ir_abs(b, d->x[0]), -2));
    Value *root = ir_div(b, number(b, e, 2), one_plus(b, e));
    along(d, ir_mul(b, e, square(b, root)));
}
void jvp_logistic(const Jvp *d) { along(d, ir_mul(d->b, d->y[0], ir_logistic(d->b, ir_neg(d->b, d->x[0])))); }

/* 2/sqrt(pi) exp(-x x) */
static Value *bell(Builder *b, Value *x) { return scaled(b, ir_exp(b, ir_neg(b, square(b, x))), 2 / sqrt(PI)); }
void jvp_erf(const Jvp *d) { along(d, bell(d->b, d->x[0])); }
void jvp_erfc(const Jvp *d) { along(d, ir_neg(d->b, bell(d->b, d->x[0]))); }

/* g = sqrt(pi)/2 exp(y y).  Far out y y is large, so its rounding and that of y cost many digits: both are put back to
** first order.  They are zero to all orders in exact arithmetic, so they carry no derivative themselves. */
void jvp_erf_inv(const Jvp *d) {
    Builder *b = d->b;
    Value *x = d->x[0], *y = d->y[0], *size = ir_abs(b, y);
    Value *high = square(b, y), *low = ir_fma(b, y, y, ir_neg(b, high));
    Value *g = scaled(b, ir_exp(b, high), sqrt(PI) / 2);
    Value *missed = ir_mul(b, ir_sub(b, ir_erfc(b, size), one_minus(b, ir_abs(b, x))), g); /* exact y less ours */
    Value *correction = ir_add(b, low, ir_mul(b, scaled(b, size, 2), missed));
    Value *half = number(b, x, 0.5); /* nearer to 0 neither matters, and 1 - |x| is not exact */
    Value *far = ir_and(b, ir_gt(b, ir_abs(b, x), half), ir_lt(b, ir_abs(b, x), number(b, x, 1)));
    correction = ir_stop_gradient(b, ir_select(b, far, correction, number(b, x, 0)));
    along(d, ir_mul(b, g, one_plus(b, correction)));
}

void jvp_lgamma(const Jvp *d) { along(d, ir_digamma(d->b, d->x[0])); }

/* The derivative of digamma: the sum of 1/(x+k)^2 over k >= 0.  Twelve terms, then the asymptotic series; below 1/2 by
** reflection, pi^2 / sin(pi x)^2 less the value at 1 - x. */
void jvp_digamma(const Jvp *d) {
    static const double series[] = { 1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6 };
    Builder *b = d->b;
    Value *x = d->x[0];
    Value *low = ir_lt(b, x, number(b, x, 0.5));
    Value *z = ir_select(b, low, one_minus(b, x), x);
    Value *w = reciprocal(b, ir_add(b, z, number(b, z, 12))), *w2 = square(b, w);
    Value *tail = number(b, w, series[COUNT(series) - 1]);
    for (int i = COUNT(series) - 2; i >= 0; i--) tail = ir_add(b, ir_mul(b, tail, w2), number(b, w, series[i]));
    tail = ir_mul(b, w, ir_add(b, one_plus(b, scaled(b, w, 0.5)), ir_mul(b, tail, w2)));
    for (int k = 11; k >= 0; k--) tail = ir_add(b, tail, reciprocal(b, square(b, ir_add(b, z, number(b, z, k)))));
    Value *part = ir_sub(b, x, ir_stop_gradient(b, ir_round(b, x))); /* sin(pi x)^2 has period 1 */
    Value *ratio = ir_div(b, number(b, x, PI), ir_sin(b, scaled(b, part, PI)));
    along(d, ir_select(b, low, ir_sub(b, square(b, ratio), tail), tail));
}

void jvp_div(const Jvp *d) {
    Builder *b = d->b;
    if (d->t[0]) d->dy[0] = ir_div(b, d->t[0], d->x[1]);
    if (d->t[1]) add_along(d, 1, ir_neg(b, ir_div(b, d->y[0], d->x[1])));
}

void jvp_rem(const Jvp *d) { /* x - y trunc(x / y), the quotient a constant */
    Builder *b = d->b;
    if (d->t[0]) d->dy[0] = d->t[0];
    if (d->t[1]) {
        Value *quotient = ir_round(b, ir_div(b, ir_sub(b, d->x[0], d->y[0]), d->x[1]));
        add_along(d, 1, ir_neg(b, quotient));
    }
}

void jvp_pow(const Jvp *d) {
    Builder *b = d->b;
    Value *x = d->x[0], *p = d->x[1], *zero = number(b, x, 0), *one = number(b, x, 1);
    if (d->t[0]) { /* p x^(p-1); 0 for p = 0, where x = 0 would give 0 * inf */
        Value *none = ir_eq(b, p, zero);
        Value *power = ir_pow(b, x, ir_sub(b, ir_select(b, none, one, p), one));
        add_along(d, 0, ir_mul(b, p, power));
    }
    if (d->t[1]) { /* x^p log x; 0 for x = 0 */
        Value *base = ir_select(b, ir_eq(b, x, zero), one, x);
        add_along(d, 1, ir_mul(b, ir_log(b, base), d->y[0]));
    }
}

void jvp_integer_pow(const Jvp *d) {
    int64_t n = d->in->attrs->exponent;
    if (n == 0) return;
    if (n == 1)
        d->dy[0] = d->t[0];
    else
        along(d, scaled(d->b, ir_integer_pow(d->b, d->x[0], n - 1), (double)n));
}

void jvp_atan2(const Jvp *d) {
    Builder *b = d->b;
    Value *y = d->x[0], *x = d->x[1], *r2 = ir_add(b, square(b, x), square(b, y));
    if (d->t[0]) add_along(d, 0, ir_div(b, x, r2));
    if (d->t[1]) add_along(d, 1, ir_neg(b, ir_div(b, y, r2)));
}

void jvp_copysign(const Jvp *d) { /* the sign of x, times that of y; y itself moves nothing */
    Builder *b = d->b;
    Value *one = ir_fill(b, d->x[0]->type, 1);
    if (d->t[0]) add_along(d, 0, ir_mul(b, ir_copysign(b, one, d->x[0]), ir_copysign(b, one, d->x[1])));
}

/* the tangent of the winner; at a tie half of each */
static void extremum(const Jvp *d, Op wins) {
    Builder *b = d->b;
    Value *zero = zeros(b, d->y[0]->type);
    Value *tx = d->t[0] ? d->t[0] : zero, *ty = d->t[1] ? d->t[1] : zero;
    Value *half = scaled(b, sum_of(b, d->t[0], d->t[1]), 0.5);
    Value *tie = ir_eq(b, d->x[0], d->x[1]);
    d->dy[0] = ir_select(b, tie, half, ir_select(b, ir_binary(b, wins, d->x[0], d->x[1]), tx, ty));
}
void jvp_max(const Jvp *d) { extremum(d, OP_gt); }
void jvp_min(const Jvp *d) { extremum(d, OP_lt); }

void jvp_fma(const Jvp *d) {
    if (d->t[0]) add_along(d, 0, d->x[1]);
    if (d->t[1]) add_along(d, 1, d->x[0]);
    d->dy[0] = sum_of(d->b, d->dy[0], d->t[2]);
}
