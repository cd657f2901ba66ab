/* The words of an array: how NumPy writes each element so that they line up.  One look at all elements that will be
** shown decides between fixed point and exponents, and how wide the parts are. */
#include "words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What NumPy compares in the array's own type: values from `most` on, below `least`, or a quotient above `ratio`, make it
** use exponents.  1e-4 as a half is a little more than 1e-4, and quotients of halves are rounded to halves. */
typedef struct {
    double most, least, ratio;
} Limits;

static Limits limits_of(int dtype) {
    if (dtype == JXL_F16) return (Limits){ 1e3, 0.00010001659393310547, 1000.25 };
    if (dtype == JXL_F32) return (Limits){ 1e6, 1e-4F, 1000 };
    return (Limits){ 1e8, 1e-4, 1000 };
}

static double quotient(double x, double y, int dtype) { return dtype == JXL_F64 ? x / y : (float)x / (float)y; }

static double part_of(const Number *x, int imaginary) { return imaginary ? x->im : x->re; }

/* The digits NumPy shows: the fewest that tell x apart, but `most` after the point (the first digit's point, with
** exponents) at most and `least` at least.  Beyond the fewest they are those of x itself. */
static Decimal digits_of(double x, const FloatFormat *f, int least, int most) {
    Decimal d = jxl_shortest(x, f->dtype);
    int after = f->exponents ? d.n - 1 : d.n - d.point;
    if (after >= least && (most < 0 || after <= most)) return d;
    int places = after < least ? least : most;
    return f->exponents ? jxl_rounded(x, places + 1) : jxl_rounded_after(x, places);
}

typedef struct {
    int not_finite, negative_infinity, negative;
    double least, most; /* of the finite ones but zero; 0 where there are none */
} Survey;

static void note_range(Survey *s, double x) {
    if (!isfinite(x)) {
        s->not_finite = 1;
        s->negative_infinity |= isinf(x) && x < 0;
        return;
    }
    s->negative |= signbit(x) != 0;
    x = fabs(x);
    if (x == 0) return;
    if (s->least == 0 || x < s->least) s->least = x;
    if (x > s->most) s->most = x;
}

static int larger(int x, int y) { return x > y ? x : y; }

static void note_widths(FloatFormat *f, double x) {
    if (!isfinite(x)) return;
    int fixed = f->options->mode == FLOATS_FIXED;
    Decimal d = digits_of(x, f, fixed ? f->options->precision : 0, f->options->precision);
    int sign = f->sign == '+' || signbit(x);
    if (f->exponents) {
        int size = abs(d.point - 1) >= 100 ? 3 : 2;
        f->exponent_digits = larger(f->exponent_digits, size);
        f->left = larger(f->left, 1 + sign);
        f->right = larger(f->right, fixed ? f->options->precision : d.n - 1);
    } else {
        f->left = larger(f->left, larger(d.point, 1) + sign);
        f->right = larger(f->right, fixed ? f->options->precision : d.n - d.point);
    }
}

static void survey_floats(const Shown *shown, const PrintOptions *o, FloatFormat *f, int dtype, int imaginary) {
    *f = (FloatFormat){ .options = o, .dtype = dtype, .sign = imaginary ? '+' : o->sign };
    Survey s = { 0 };
    for (int64_t i = 0; i < shown->n; i++) {
        Number x = jxl_element(shown->array, shown->index[i]);
        note_range(&s, part_of(&x, imaginary));
    }
    Limits l = limits_of(dtype);
    f->exponents = s.most > 0 && (s.most >= l.most ||
                                  (!o->suppress && (s.least < l.least || quotient(s.most, s.least, dtype) > l.ratio)));
    for (int64_t i = 0; i < shown->n; i++) {
        Number x = jxl_element(shown->array, shown->index[i]);
        note_widths(f, part_of(&x, imaginary));
    }
    f->least = f->exponents || o->mode != FLOATS_MAXPREC ? f->right : 0;
    f->left += f->sign == ' ' && !s.negative;
    int right = f->right + 1 + (f->exponents ? f->exponent_digits + 2 : 0);
    if (!s.not_finite) return;
    f->left = larger(f->left, (int)strlen(o->nan) - right);
    f->left = larger(f->left, (int)strlen(o->infinity) + (f->sign != '-' || s.negative_infinity) - right);
}

/* Returns how many spaces fill the word up at its end. */
static int put_float(Text *t, const FloatFormat *f, double x) {
    if (!isfinite(x)) {
        const char *word = isnan(x) ? f->options->nan : f->options->infinity;
        const char *sign = x < 0 ? "-" : f->sign == '+' ? "+" : "";
        int width = f->left + 1 + f->right + (f->exponents ? f->exponent_digits + 2 : 0);
        jxl_text_fill(t, ' ', width - (int)strlen(sign) - (int)strlen(word));
        jxl_text_put(t, sign);
        jxl_text_put(t, word);
        return 0;
    }
    const char *sign = signbit(x) ? "-" : f->sign == '+' ? "+" : "";
    Decimal d = digits_of(x, f, f->least, f->exponents ? f->right : f->options->precision);
    int left = f->exponents ? 1 : larger(d.point, 1);
    jxl_text_fill(t, ' ', f->left - left - (int)strlen(sign));
    jxl_text_put(t, sign);
    if (!f->exponents) {
        jxl_put_positional(t, &d);
        int rest = f->right - larger(d.n - d.point, 0);
        if (!f->least) return rest;
        jxl_text_fill(t, '0', rest);
        return 0;
    }
    while (d.n - 1 < f->right) d.digit[d.n++] = '0';
    jxl_put_exponent(t, &d, f->exponent_digits);
    return 0;
}

static int width_of_int(const Number *x, char sign) {
    int signs = x->negative || sign != '-';
    return signs + snprintf(NULL, 0, "%" PRIu64, x->magnitude);
}

WordFormat jxl_word_format(const Shown *shown, const PrintOptions *o) {
    const jxl_array *a = shown->array;
    const Dtype *d = &jxl_dtypes[a->dtype];
    WordFormat f = { .dtype = a->dtype, .sign = o->sign };
    if (d->kind == KIND_BOOL) f.width = a->rank ? 5 : 0;
    if (d->kind == KIND_INT) {
        for (int64_t i = 0; i < shown->n && f.sign == ' '; i++)
            if (jxl_element(a, shown->index[i]).negative) f.sign = '-';
        for (int64_t i = 0; i < shown->n; i++) {
            Number x = jxl_element(a, shown->index[i]);
            f.width = larger(f.width, width_of_int(&x, f.sign));
        }
    }
    if (d->kind >= KIND_FLOAT && a->dtype != JXL_BF16) survey_floats(shown, o, &f.re, d->part, 0);
    if (d->kind == KIND_COMPLEX) survey_floats(shown, o, &f.im, d->part, 1);
    return f;
}

void jxl_put_word(Text *t, const WordFormat *f, const Number *x) {
    switch (jxl_dtypes[f->dtype].kind) {
    case KIND_BOOL: jxl_text_addf(t, "%*s", f->width, x->magnitude ? "True" : "False"); break;
    case KIND_INT:
        jxl_text_fill(t, ' ', f->width - width_of_int(x, f->sign));
        if (!x->negative && f->sign != '-') jxl_text_add(t, &f->sign, 1);
        jxl_numpy_scalar(t, x);
        break;
    case KIND_FLOAT:
        if (f->dtype == JXL_BF16)
            jxl_numpy_scalar(t, x);
        else
            jxl_text_fill(t, ' ', put_float(t, &f->re, x->re));
        break;
    case KIND_COMPLEX:
        jxl_text_fill(t, ' ', put_float(t, &f->re, x->re));
        int rest = put_float(t, &f->im, x->im);
        jxl_text_put(t, "j");
        jxl_text_fill(t, ' ', rest);
        break;
    }
}
