/* Floating-point and complex numbers by a format spec. */
#include "spec.h"

#include <math.h>
#include <string.h>

/* How a float is written: `code` is one of e f g, or r for Python's repr. */
typedef struct {
    char code;
    int precision;
    int alternate;   /* keep zeros and the point */
    int always_zero; /* write 1.0, not 1 */
    int upper;
} Style;

/* Digits, of which the first `point` stand before the decimal point, padded with zeros up to `least` digits. */
static void put_digits(Text *t, const char *digits, int64_t n, int64_t point, int64_t least, int keep_point) {
    if (point <= 0) jxl_text_put(t, "0");
    for (int64_t i = 0; i < point; i++) jxl_text_add(t, i < n ? digits + i : "0", 1);
    int64_t end = n > least ? n : least;
    if (end > point || keep_point) jxl_text_put(t, ".");
    if (point < 0 && end > point) jxl_text_fill(t, '0', -point);
    for (int64_t i = point < 0 ? 0 : point; i < end; i++) jxl_text_add(t, i < n ? digits + i : "0", 1);
}

static void put_general(Text *t, const char *digits, int64_t n, int64_t point, const Style *s, int exponents) {
    int64_t least = s->alternate && s->code == 'g' ? s->precision : 0;
    if (exponents) {
        put_digits(t, digits, n, 1, least, s->alternate);
        jxl_text_addf(t, "e%c%02lld", point < 1 ? '-' : '+', (long long)(point < 1 ? 1 - point : point - 1));
    } else {
        if (s->always_zero && least <= point) least = point + 1;
        put_digits(t, digits, n, point, least, s->alternate);
    }
}

/* x is finite and not negative. */
static void put_magnitude(Text *t, double x, const Style *s) {
    if (s->code == 'e') {
        jxl_text_addf(t, s->alternate ? "%#.*e" : "%.*e", s->precision, x);
    } else if (s->code == 'f') {
        jxl_text_addf(t, s->alternate ? "%#.*f" : "%.*f", s->precision, x);
    } else if (s->code == 'r') {
        Decimal d = jxl_shortest(x, JXL_F64);
        put_general(t, d.digit, d.n, d.point, s, d.point <= -4 || d.point > 16);
    } else {
        int precision = s->precision ? s->precision : 1;
        Text digits = { .call = t->call };
        jxl_text_addf(&digits, "%.*e", precision - 1, x);
        if (t->call->status) return;
        char *e = strchr(digits.at, 'e');
        int64_t exponent = 0;
        for (const char *c = e + 2; *c; c++) exponent = 10 * exponent + (*c - '0');
        int64_t point = (e[1] == '-' ? -exponent : exponent) + 1, n = e - digits.at;
        if (n > 1) memmove(digits.at + 1, digits.at + 2, (size_t)(--n - 1)); /* the point */
        while (n > 1 && digits.at[n - 1] == '0') n--;
        Style exact = *s;
        exact.precision = precision;
        put_general(t, digits.at, n, point, &exact, point <= -4 || point > precision - (s->always_zero ? 1 : 0));
        jxl_release(t->call, digits.at);
    }
}

static void put_finite_or_not(Text *t, double x, const Style *s) {
    if (isfinite(x))
        put_magnitude(t, x, s);
    else
        jxl_text_put(t, isnan(x) ? "nan" : "inf");
    for (size_t i = 0; s->upper && t->at && i < t->n; i++)
        if (t->at[i] >= 'a' && t->at[i] <= 'z') t->at[i] = (char)(t->at[i] - 'a' + 'A');
}

static int is_all_zero(const Text *t) {
    for (size_t i = 0; i < t->n && t->at[i] != 'e' && t->at[i] != 'E'; i++)
        if (t->at[i] != '0' && t->at[i] != '.') return 0;
    return 1;
}

/* One float with its sign; `tail` is put behind it. */
static void put_part(Text *t, double x, const Spec *f, const Style *s, const char *tail) {
    Text number = { .call = t->call };
    put_finite_or_not(&number, fabs(x), s);
    int negative = signbit(x) && !isnan(x);
    if (f->no_negative_zero && isfinite(x) && is_all_zero(&number)) negative = 0;
    size_t whole = 0;
    while (whole < number.n && number.at[whole] >= '0' && number.at[whole] <= '9') whole++;
    jxl_text_put(&number, tail);
    if (number.at && !t->call->status) {
        Field d = { .prefix = "", .digits = number.at, .ndigits = (int64_t)whole };
        d.sign = negative ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
        d.rest = number.at + whole;
        d.nrest = (int64_t)(number.n - whole);
        jxl_put_field(t, f, &d);
    }
    jxl_release(t->call, number.at);
}

/* The code without its case; 0 where it is none of e f g n, E F G. */
static Style style_of(const Spec *f) {
    Style s = { .alternate = f->alternate, .precision = f->precision < 0 ? 6 : (int)f->precision };
    if (f->type && strchr("EFG", f->type)) {
        s.upper = 1;
        s.code = (char)(f->type - 'A' + 'a');
    } else if (f->type && strchr("efgn", f->type)) {
        s.code = f->type == 'n' ? 'g' : f->type;
    } else if (!f->type) {
        s.code = f->precision < 0 ? 'r' : 'g';
    }
    return s;
}

void jxl_format_float(Text *t, double x, const Spec *f) {
    Style s = style_of(f);
    int percent = f->type == '%';
    if (percent) s.code = 'f', x *= 100;
    if (!f->type) s.always_zero = 1;
    if (s.code)
        put_part(t, x, f, &s, percent ? "%" : "");
    else
        jxl_unknown_code(t->call, f, "float");
}

void jxl_format_complex(Text *t, double re, double im, const Spec *f) {
    Style s = style_of(f);
    if (!s.code) {
        jxl_unknown_code(t->call, f, "complex");
        return;
    }
    const char *wrong = !strcmp(f->fill, "0") ? "Zero padding is" : f->align == '=' ? "'=' alignment flag is" : NULL;
    if (wrong) {
        jxl_fail_text(t->call, 1, "%s not allowed in complex format specifier", wrong);
        return;
    }
    int only_imaginary = !f->type && re == 0 && !signbit(re), brackets = !f->type && !only_imaginary;
    Spec part = *f;
    part.width = -1;
    Text both = { .call = t->call };
    if (brackets) jxl_text_put(&both, "(");
    if (!only_imaginary) {
        put_part(&both, re, &part, &s, "");
        part.sign = '+';
    }
    put_part(&both, im, &part, &s, brackets ? "j)" : "j");
    if (both.at) jxl_pad(t, f, both.at, both.n);
    jxl_release(t->call, both.at);
}
