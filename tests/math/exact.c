/* exact: the elementary functions by MPFR, with 160 bits, rounded to a long double. */
#include "exact.h"

#include <math.h>
#include <mpfr.h>

typedef int One(mpfr_t, const mpfr_t, mpfr_rnd_t);
typedef int Two(mpfr_t, const mpfr_t, const mpfr_t, mpfr_rnd_t);

static int log_gamma(mpfr_t y, const mpfr_t x, mpfr_rnd_t rounding) {
    int sign;
    return mpfr_lgamma(y, &sign, x, rounding);
}

/* 1 / (1 + exp(-x)) */
static int logistic(mpfr_t y, const mpfr_t x, mpfr_rnd_t rounding) {
    mpfr_neg(y, x, rounding);
    mpfr_exp(y, y, rounding);
    mpfr_add_ui(y, y, 1, rounding);
    return mpfr_ui_div(y, 1, y, rounding);
}

static const struct {
    Op op;
    One *one;
    Two *two;
} rows[] = {
    { OP_exp, mpfr_exp, 0 },        { OP_exp2, mpfr_exp2, 0 },   { OP_expm1, mpfr_expm1, 0 },
    { OP_log, mpfr_log, 0 },        { OP_log2, mpfr_log2, 0 },   { OP_log1p, mpfr_log1p, 0 },
    { OP_sin, mpfr_sin, 0 },        { OP_cos, mpfr_cos, 0 },     { OP_tan, mpfr_tan, 0 },
    { OP_asin, mpfr_asin, 0 },      { OP_acos, mpfr_acos, 0 },   { OP_atan, mpfr_atan, 0 },
    { OP_sinh, mpfr_sinh, 0 },      { OP_cosh, mpfr_cosh, 0 },   { OP_tanh, mpfr_tanh, 0 },
    { OP_asinh, mpfr_asinh, 0 },    { OP_acosh, mpfr_acosh, 0 }, { OP_atanh, mpfr_atanh, 0 },
    { OP_erf, mpfr_erf, 0 },        { OP_erfc, mpfr_erfc, 0 },   { OP_cbrt, mpfr_cbrt, 0 },
    { OP_rsqrt, mpfr_rec_sqrt, 0 }, { OP_lgamma, log_gamma, 0 }, { OP_digamma, mpfr_digamma, 0 },
    { OP_logistic, logistic, 0 },   { OP_atan2, 0, mpfr_atan2 }, { OP_pow, 0, mpfr_pow },
};

bool exact(Op op, double x, double y, long double *value) {
    if (x == 0) return false; /* conventions differ about signs and poles */
    for (int i = 0; i < COUNT(rows); i++) {
        if (rows[i].op != op) continue;
        mpfr_t a, b, z;
        mpfr_inits2(160, a, b, z, (mpfr_ptr)0);
        mpfr_set_d(a, x, MPFR_RNDN);
        mpfr_set_d(b, y, MPFR_RNDN);
        if (rows[i].one)
            rows[i].one(z, a, MPFR_RNDN);
        else
            rows[i].two(z, a, b, MPFR_RNDN);
        *value = mpfr_get_ld(z, MPFR_RNDN);
        mpfr_clears(a, b, z, (mpfr_ptr)0);
        return true;
    }
    return false;
}
