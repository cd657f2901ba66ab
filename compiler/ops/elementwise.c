/* elementwise: what each operation does to single numbers.
**
** Floats are computed in double and rounded to their dtype afterwards, integers in 64 bits that wrap.  Which of the three
** functions an operation has says on which dtypes it is defined. */
#include "ops/rules.h"

#include <complex.h>
#include <math.h>
#include <string.h>
#undef complex /* a member of Rules */

typedef double _Complex Complex;
static Complex from(const double *z) { /* as it lies in memory: z[0] + z[1]*I would spoil infinities */
    Complex c;
    memcpy(&c, z, sizeof c);
    return c;
}
static Complex pair(double re, double im) { return from((const double[]){ re, im }); }
static void to(double *y, Complex z) {
    y[0] = creal(z);
    y[1] = cimag(z);
}
static bool is_unsigned(DType d) { return dtype_kind(d) == KIND_UNSIGNED; }
static int width(DType d) { return 8 * dtype_bytes(d); }
static uint64_t bits_of(int64_t x, DType d) {
    return width(d) == 64 ? (uint64_t)x : (uint64_t)x & ((UINT64_C(1) << width(d)) - 1);
}

/* sign and size */

static double real_neg(const double *x) { return -x[0]; }
static int64_t integer_neg(const int64_t *x, DType d) {
    (void)d;
    return (int64_t)(0 - (uint64_t)x[0]);
}
static void complex_neg(const double (*x)[2], double *y) { to(y, -from(x[0])); }
const Rules rules_neg = {
    .real = real_neg, .integer = integer_neg, .complex = complex_neg, .fold = fold_neg, .transpose = transpose_neg
};

static double real_abs(const double *x) { return fabs(x[0]); }
static int64_t integer_abs(const int64_t *x, DType d) { return x[0] < 0 && !is_unsigned(d) ? integer_neg(x, d) : x[0]; }
static void complex_abs(const double (*x)[2], double *y) { to(y, hypot(x[0][0], x[0][1])); }
const Rules rules_abs = {
    .real = real_abs, .integer = integer_abs, .complex = complex_abs, .shape = shape_part, .jvp = jvp_abs
};

static double real_sign(const double *x) { return x[0] > 0 ? 1 : x[0] < 0 ? -1 : x[0]; /* 0, -0 and nan as they are */ }
static int64_t integer_sign(const int64_t *x, DType d) { return is_unsigned(d) ? x[0] != 0 : (x[0] > 0) - (x[0] < 0); }
static void complex_sign(const double (*x)[2], double *y) {
    double size = hypot(x[0][0], x[0][1]);
    to(y, size == 0 ? 0 : from(x[0]) / size);
}
const Rules rules_sign = { .real = real_sign, .integer = integer_sign, .complex = complex_sign };

/* rounding */

static double real_floor(const double *x) { return floor(x[0]); }
static double real_ceil(const double *x) { return ceil(x[0]); }
static double real_round(const double *x) { return nearbyint(x[0]); }
static double real_trunc(const double *x) { return trunc(x[0]); }
const Rules rules_floor = { .real = real_floor };
const Rules rules_ceil = { .real = real_ceil };
const Rules rules_round = { .real = real_round };
const Rules rules_trunc = { .real = real_trunc };

/* elementary functions */

static double real_exp(const double *x) { return exp(x[0]); }
static double real_exp2(const double *x) { return exp2(x[0]); }
static double real_expm1(const double *x) { return expm1(x[0]); }
static double real_log(const double *x) { return log(x[0]); }
static double real_log2(const double *x) { return log2(x[0]); }
static double real_log1p(const double *x) { return log1p(x[0]); }
static double real_sqrt(const double *x) { return sqrt(x[0]); }
static double real_rsqrt(const double *x) { return 1 / sqrt(x[0]); }
static double real_cbrt(const double *x) { return cbrt(x[0]); }
static double real_sin(const double *x) { return sin(x[0]); }
static double real_cos(const double *x) { return cos(x[0]); }
static double real_tan(const double *x) { return tan(x[0]); }
static double real_asin(const double *x) { return asin(x[0]); }
static double real_acos(const double *x) { return acos(x[0]); }
static double real_atan(const double *x) { return atan(x[0]); }
static double real_sinh(const double *x) { return sinh(x[0]); }
static double real_cosh(const double *x) { return cosh(x[0]); }
static double real_tanh(const double *x) { return tanh(x[0]); }
static double real_asinh(const double *x) { return asinh(x[0]); }
static double real_acosh(const double *x) { return acosh(x[0]); }
static double real_atanh(const double *x) { return atanh(x[0]); }
static double real_logistic(const double *x) { return 1 / (1 + exp(-x[0])); }
static double real_erf(const double *x) { return erf(x[0]); }
static double real_erfc(const double *x) { return erfc(x[0]); }

static void complex_exp(const double (*x)[2], double *y) { to(y, cexp(from(x[0]))); }
static void complex_exp2(const double (*x)[2], double *y) { to(y, cexp(from(x[0]) * log(2))); }
static void complex_expm1(const double (*x)[2], double *y) { /* no cancellation near 0 */
    double half_sine = sin(x[0][1] / 2), grown = expm1(x[0][0]);
    to(y, pair(grown * cos(x[0][1]) - 2 * half_sine * half_sine, exp(x[0][0]) * sin(x[0][1])));
}
static void complex_log(const double (*x)[2], double *y) { to(y, clog(from(x[0]))); }
static void complex_log2(const double (*x)[2], double *y) { to(y, clog(from(x[0])) / log(2)); }
static void complex_log1p(const double (*x)[2], double *y) {
    double a = x[0][0], b = x[0][1];
    to(y, pair(log1p(a * (2 + a) + b * b) / 2, atan2(b, 1 + a)));
}
static void complex_sqrt(const double (*x)[2], double *y) { to(y, csqrt(from(x[0]))); }
static void complex_rsqrt(const double (*x)[2], double *y) { to(y, 1 / csqrt(from(x[0]))); }
static void complex_sin(const double (*x)[2], double *y) { to(y, csin(from(x[0]))); }
static void complex_cos(const double (*x)[2], double *y) { to(y, ccos(from(x[0]))); }
static void complex_tan(const double (*x)[2], double *y) { to(y, ctan(from(x[0]))); }
static void complex_asin(const double (*x)[2], double *y) { to(y, casin(from(x[0]))); }
static void complex_acos(const double (*x)[2], double *y) { to(y, cacos(from(x[0]))); }
static void complex_atan(const double (*x)[2], double *y) { to(y, catan(from(x[0]))); }
static void complex_sinh(const double (*x)[2], double *y) { to(y, csinh(from(x[0]))); }
static void complex_cosh(const double (*x)[2], double *y) { to(y, ccosh(from(x[0]))); }
static void complex_tanh(const double (*x)[2], double *y) { to(y, ctanh(from(x[0]))); }
static void complex_asinh(const double (*x)[2], double *y) { to(y, casinh(from(x[0]))); }
static void complex_acosh(const double (*x)[2], double *y) { to(y, cacosh(from(x[0]))); }
static void complex_atanh(const double (*x)[2], double *y) { to(y, catanh(from(x[0]))); }
static void complex_logistic(const double (*x)[2], double *y) { to(y, 1 / (1 + cexp(-from(x[0])))); }

const Rules rules_exp = { .real = real_exp, .complex = complex_exp, .jvp = jvp_exp };
const Rules rules_exp2 = { .real = real_exp2, .complex = complex_exp2, .jvp = jvp_exp2 };
const Rules rules_expm1 = { .real = real_expm1, .complex = complex_expm1, .jvp = jvp_expm1 };
const Rules rules_log = { .real = real_log, .complex = complex_log, .jvp = jvp_log };
const Rules rules_log2 = { .real = real_log2, .complex = complex_log2, .jvp = jvp_log2 };
const Rules rules_log1p = { .real = real_log1p, .complex = complex_log1p, .jvp = jvp_log1p };
const Rules rules_sqrt = { .real = real_sqrt, .complex = complex_sqrt, .jvp = jvp_sqrt };
const Rules rules_rsqrt = { .real = real_rsqrt, .complex = complex_rsqrt, .jvp = jvp_rsqrt };
const Rules rules_cbrt = { .real = real_cbrt, .jvp = jvp_cbrt };
const Rules rules_sin = { .real = real_sin, .complex = complex_sin, .jvp = jvp_sin };
const Rules rules_cos = { .real = real_cos, .complex = complex_cos, .jvp = jvp_cos };
const Rules rules_tan = { .real = real_tan, .complex = complex_tan, .jvp = jvp_tan };
const Rules rules_asin = { .real = real_asin, .complex = complex_asin, .jvp = jvp_asin };
const Rules rules_acos = { .real = real_acos, .complex = complex_acos, .jvp = jvp_acos };
const Rules rules_atan = { .real = real_atan, .complex = complex_atan, .jvp = jvp_atan };
const Rules rules_sinh = { .real = real_sinh, .complex = complex_sinh, .jvp = jvp_sinh };
const Rules rules_cosh = { .real = real_cosh, .complex = complex_cosh, .jvp = jvp_cosh };
const Rules rules_tanh = { .real = real_tanh, .complex = complex_tanh, .jvp = jvp_tanh };
const Rules rules_asinh = { .real = real_asinh, .complex = complex_asinh, .jvp = jvp_asinh };
const Rules rules_acosh = { .real = real_acosh, .complex = complex_acosh, .jvp = jvp_acosh };
const Rules rules_atanh = { .real = real_atanh, .complex = complex_atanh, .jvp = jvp_atanh };
const Rules rules_logistic = { .real = real_logistic, .complex = complex_logistic, .jvp = jvp_logistic };
const Rules rules_erf = { .real = real_erf, .jvp = jvp_erf };
const Rules rules_erfc = { .real = real_erfc, .jvp = jvp_erfc };

/* Newton's method on erf, or on erfc where erf has run out of digits. */
static double real_erf_inv(const double *x) {
    double p = fabs(x[0]);
    if (!(p < 1)) return p == 1 ? copysign(HUGE_VAL, x[0]) : (double)NAN;
    if (p < 1e-8) return x[0] * 0.88622692545275801365; /* sqrt(pi)/2 */
    double w = -log1p(-p * p), u = 4.33 - w / 2;        /* a first guess, of two digits */
    double y = sqrt(sqrt(u * u + w / 0.147) - u);
    for (int i = 0; i < 4; i++) {
        double off = p > 0.5 ? (1 - p) - erfc(y) : erf(y) - p;
        double step = off * 0.88622692545275801365 * exp(y * y);
        y -= step / (1 + y * step); /* Halley */
    }
    return copysign(y, x[0]);
}
const Rules rules_erf_inv = { .real = real_erf_inv, .jvp = jvp_erf_inv };

static double real_lgamma(const double *x) {
    int sign;
    return lgamma_r(x[0], &sign);
}
const Rules rules_lgamma = { .real = real_lgamma, .jvp = jvp_lgamma };

/* psi(x+1) = psi(x) + 1/x moves x to where the asymptotic series serves. */
static double real_digamma(const double *at) {
    double x = at[0], sum = 0, pi = 3.14159265358979323846;
    if (x <= 0 && x == floor(x)) return (double)NAN;
    if (x < 0) { /* reflection, with the fraction taken first */
        double r = x - nearbyint(x), minus = 1 - x;
        return real_digamma(&minus) - pi / tan(pi * r);
    }
    if (isinf(x)) return x;
    for (; x < 10; x += 1) sum -= 1 / x;
    double z = 1 / (x * x);
    static const double c[] = { 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760, 1.0 / 12 };
    double series = 0;
    for (int i = 6; i >= 0; i--) series = z * (c[i] + series);
    return sum + log(x) - 0.5 / x - series;
}
const Rules rules_digamma = { .real = real_digamma, .jvp = jvp_digamma };

/* bits */

static double real_is_finite(const double *x) { return isfinite(x[0]) != 0; }
static int64_t integer_is_finite(const int64_t *x, DType d) {
    (void)x, (void)d;
    return 1;
}
static void complex_is_finite(const double (*x)[2], double *y) { to(y, isfinite(x[0][0]) && isfinite(x[0][1])); }
const Rules rules_is_finite = {
    .real = real_is_finite, .integer = integer_is_finite, .complex = complex_is_finite, .shape = shape_bool
};

static int64_t integer_not(const int64_t *x, DType d) { return d == DT_bool ? !x[0] : ~x[0]; }
static int64_t integer_population_count(const int64_t *x, DType d) { return __builtin_popcountll(bits_of(x[0], d)); }
static int64_t integer_clz(const int64_t *x, DType d) {
    uint64_t bits = bits_of(x[0], d);
    return bits ? __builtin_clzll(bits) - (64 - width(d)) : width(d);
}
const Rules rules_not = { .integer = integer_not, .fold = fold_not };
const Rules rules_population_count = { .integer = integer_population_count };
const Rules rules_clz = { .integer = integer_clz };

static int64_t integer_and(const int64_t *x, DType d) {
    (void)d;
    return x[0] & x[1];
}
static int64_t integer_or(const int64_t *x, DType d) {
    (void)d;
    return x[0] | x[1];
}
static int64_t integer_xor(const int64_t *x, DType d) {
    (void)d;
    return x[0] ^ x[1];
}
const Rules rules_and = { .integer = integer_and, .fold = fold_and };
const Rules rules_or = { .integer = integer_or, .fold = fold_or };
const Rules rules_xor = { .integer = integer_xor };

static bool too_far(const int64_t *x, DType d) { return bits_of(x[1], d) >= (uint64_t)width(d); }
static int64_t integer_shift_left(const int64_t *x, DType d) {
    return too_far(x, d) ? 0 : (int64_t)((uint64_t)x[0] << x[1]);
}
static int64_t integer_shift_right_logical(const int64_t *x, DType d) {
    return too_far(x, d) ? 0 : (int64_t)(bits_of(x[0], d) >> x[1]);
}
static int64_t integer_shift_right_arithmetic(const int64_t *x, DType d) {
    int64_t sign_filled = (int64_t)((uint64_t)x[0] << (64 - width(d)));
    int by = too_far(x, d) ? width(d) - 1 : (int)x[1];
    return sign_filled >> (64 - width(d)) >> by;
}
const Rules rules_shift_left = { .integer = integer_shift_left };
const Rules rules_shift_right_logical = { .integer = integer_shift_right_logical };
const Rules rules_shift_right_arithmetic = { .integer = integer_shift_right_arithmetic };

/* parts of complex numbers */

static void complex_real(const double (*x)[2], double *y) { to(y, x[0][0]); }
static void complex_imag(const double (*x)[2], double *y) { to(y, x[0][1]); }
static void complex_conj(const double (*x)[2], double *y) { to(y, conj(from(x[0]))); }
const Rules rules_real = { .complex = complex_real, .shape = shape_part, .transpose = transpose_real };
const Rules rules_imag = { .complex = complex_imag, .shape = shape_part, .transpose = transpose_imag };
const Rules rules_conj = { .complex = complex_conj, .transpose = transpose_conj };

/* arithmetic */

static double real_add(const double *x) { return x[0] + x[1]; }
static double real_sub(const double *x) { return x[0] - x[1]; }
static double real_mul(const double *x) { return x[0] * x[1]; }
static double real_div(const double *x) { return x[0] / x[1]; }
static double real_rem(const double *x) { return fmod(x[0], x[1]); }
static double real_pow(const double *x) { return pow(x[0], x[1]); }
static double real_atan2(const double *x) { return atan2(x[0], x[1]); }
static double real_copysign(const double *x) { return copysign(x[0], x[1]); }
static int64_t integer_add(const int64_t *x, DType d) {
    return d == DT_bool ? x[0] | x[1] : (int64_t)((uint64_t)x[0] + (uint64_t)x[1]);
}
static int64_t integer_sub(const int64_t *x, DType d) {
    return d == DT_bool ? x[0] ^ x[1] : (int64_t)((uint64_t)x[0] - (uint64_t)x[1]);
}
static int64_t integer_mul(const int64_t *x, DType d) {
    (void)d;
    return (int64_t)((uint64_t)x[0] * (uint64_t)x[1]);
}
static int64_t integer_div(const int64_t *x, DType d) {
    if (x[1] == 0) return -1;
    if (is_unsigned(d)) return (int64_t)((uint64_t)x[0] / (uint64_t)x[1]);
    return x[1] == -1 ? integer_neg(x, d) : x[0] / x[1];
}
static int64_t integer_rem(const int64_t *x, DType d) {
    if (x[1] == 0) return x[0];
    if (is_unsigned(d)) return (int64_t)((uint64_t)x[0] % (uint64_t)x[1]);
    return x[1] == -1 ? 0 : x[0] % x[1];
}
static int64_t integer_pow(const int64_t *x, DType d) {
    if (x[1] < 0 && !is_unsigned(d)) return x[0] == 1 ? 1 : x[0] == -1 ? (x[1] & 1 ? -1 : 1) : 0;
    uint64_t y = 1, base = (uint64_t)x[0];
    for (uint64_t n = (uint64_t)x[1]; n; n >>= 1, base *= base)
        if (n & 1) y *= base;
    return (int64_t)y;
}
static void complex_add(const double (*x)[2], double *y) { to(y, from(x[0]) + from(x[1])); }
static void complex_sub(const double (*x)[2], double *y) { to(y, from(x[0]) - from(x[1])); }
static void complex_mul(const double (*x)[2], double *y) { to(y, from(x[0]) * from(x[1])); }
static void complex_div(const double (*x)[2], double *y) { to(y, from(x[0]) / from(x[1])); }
static void complex_pow(const double (*x)[2], double *y) { to(y, cpow(from(x[0]), from(x[1]))); }
const Rules rules_add = {
    .real = real_add, .integer = integer_add, .complex = complex_add, .fold = fold_add, .transpose = transpose_add
};
const Rules rules_sub = {
    .real = real_sub, .integer = integer_sub, .complex = complex_sub, .fold = fold_sub, .transpose = transpose_sub
};
const Rules rules_mul = {
    .real = real_mul, .integer = integer_mul, .complex = complex_mul, .fold = fold_mul, .transpose = transpose_mul
};
const Rules rules_div = { .real = real_div,
                          .integer = integer_div,
                          .complex = complex_div,
                          .fold = fold_div,
                          .jvp = jvp_div,
                          .transpose = transpose_div };
const Rules rules_rem = { .real = real_rem, .integer = integer_rem, .jvp = jvp_rem };
const Rules rules_pow = { .real = real_pow, .integer = integer_pow, .complex = complex_pow, .jvp = jvp_pow };
const Rules rules_atan2 = { .real = real_atan2, .jvp = jvp_atan2 };
const Rules rules_copysign = { .real = real_copysign, .jvp = jvp_copysign };

/* Of equal numbers (0 and -0) the second, as the machine's instruction has it; a nan wins, the first of two. */
static double real_max(const double *x) { return x[0] > x[1] || isnan(x[0]) ? x[0] : x[1]; }
static double real_min(const double *x) { return x[0] < x[1] || isnan(x[0]) ? x[0] : x[1]; }
static bool less(const int64_t *x, DType d) { return is_unsigned(d) ? (uint64_t)x[0] < (uint64_t)x[1] : x[0] < x[1]; }
static int64_t integer_max(const int64_t *x, DType d) { return less(x, d) ? x[1] : x[0]; }
static int64_t integer_min(const int64_t *x, DType d) { return less(x, d) ? x[0] : x[1]; }
const Rules rules_max = { .real = real_max, .integer = integer_max, .jvp = jvp_max };
const Rules rules_min = { .real = real_min, .integer = integer_min, .jvp = jvp_min };

/* The cotangent decides: nothing flows back through what nothing came out of, be the residual infinite or nan. */
static double real_cotangent_mul(const double *x) { return x[0] == 0 ? 0 : x[0] * x[1]; }
static void complex_cotangent_mul(const double (*x)[2], double *y) {
    to(y, from(x[0]) == 0 ? 0 : from(x[0]) * from(x[1]));
}
const Rules rules_cotangent_mul = { .real = real_cotangent_mul,
                                    .complex = complex_cotangent_mul,
                                    .fold = fold_cotangent_mul,
                                    .transpose = transpose_cotangent_mul };

static double real_stop_gradient(const double *x) { return x[0]; }
static int64_t integer_stop_gradient(const int64_t *x, DType d) {
    (void)d;
    return x[0];
}
static void complex_stop_gradient(const double (*x)[2], double *y) { to(y, from(x[0])); }
const Rules rules_stop_gradient = { .real = real_stop_gradient,
                                    .integer = integer_stop_gradient,
                                    .complex = complex_stop_gradient };

/* comparisons */

static double real_eq(const double *x) { return x[0] == x[1]; }
static double real_ne(const double *x) { return x[0] != x[1]; }
static double real_lt(const double *x) { return x[0] < x[1]; }
static double real_le(const double *x) { return x[0] <= x[1]; }
static double real_gt(const double *x) { return x[0] > x[1]; }
static double real_ge(const double *x) { return x[0] >= x[1]; }
static bool swapped_less(const int64_t *x, DType d) { return less((const int64_t[]){ x[1], x[0] }, d); }
static int64_t integer_eq(const int64_t *x, DType d) {
    (void)d;
    return x[0] == x[1];
}
static int64_t integer_ne(const int64_t *x, DType d) {
    (void)d;
    return x[0] != x[1];
}
static int64_t integer_lt(const int64_t *x, DType d) { return less(x, d); }
static int64_t integer_le(const int64_t *x, DType d) { return !swapped_less(x, d); }
static int64_t integer_gt(const int64_t *x, DType d) { return swapped_less(x, d); }
static int64_t integer_ge(const int64_t *x, DType d) { return !less(x, d); }
static void complex_eq(const double (*x)[2], double *y) { to(y, from(x[0]) == from(x[1])); }
static void complex_ne(const double (*x)[2], double *y) { to(y, from(x[0]) != from(x[1])); }
/* by the real parts, and where they are equal by the imaginary ones */
static void complex_lt(const double (*x)[2], double *y) {
    to(y, x[0][0] < x[1][0] || (x[0][0] == x[1][0] && x[0][1] < x[1][1]));
}
static void complex_le(const double (*x)[2], double *y) {
    to(y, x[0][0] < x[1][0] || (x[0][0] == x[1][0] && x[0][1] <= x[1][1]));
}
static void complex_gt(const double (*x)[2], double *y) {
    complex_lt((const double[2][2]){ { x[1][0], x[1][1] }, { x[0][0], x[0][1] } }, y);
}
static void complex_ge(const double (*x)[2], double *y) {
    complex_le((const double[2][2]){ { x[1][0], x[1][1] }, { x[0][0], x[0][1] } }, y);
}
const Rules rules_eq = { .real = real_eq, .integer = integer_eq, .complex = complex_eq, .shape = shape_bool };
const Rules rules_ne = { .real = real_ne, .integer = integer_ne, .complex = complex_ne, .shape = shape_bool };
const Rules rules_lt = { .real = real_lt, .integer = integer_lt, .complex = complex_lt, .shape = shape_bool };
const Rules rules_le = { .real = real_le, .integer = integer_le, .complex = complex_le, .shape = shape_bool };
const Rules rules_gt = { .real = real_gt, .integer = integer_gt, .complex = complex_gt, .shape = shape_bool };
const Rules rules_ge = { .real = real_ge, .integer = integer_ge, .complex = complex_ge, .shape = shape_bool };
