/* Floating-point numbers as decimal digits: correctly rounded ones from the C library, and the fewest that tell a number
** from its neighbours, found by trying one digit more until the way back ends where it began. */
#include "internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From "d.ddde+XX", the way printf's %e writes. */
static Decimal parse_exponent_form(const char *text) {
    Decimal d = { 0 };
    const char *s = text;
    for (; *s != 'e'; s++)
        if (*s != '.') d.digit[d.n++] = *s;
    d.point = atoi(s + 1) + 1;
    while (d.n > 1 && d.digit[d.n - 1] == '0') d.n--;
    if (d.digit[0] == '0') d.point = 1;
    return d;
}

Decimal jxl_rounded(double x, int digits) {
    char text[48];
    snprintf(text, sizeof text, "%.*e", digits - 1, fabs(x));
    return parse_exponent_form(text);
}

Decimal jxl_rounded_after(double x, int places) {
    char text[48];
    snprintf(text, sizeof text, "%.*f", places, fabs(x));
    Decimal d = { .point = (int)strcspn(text, ".") };
    for (const char *s = text; *s; s++) {
        if (!d.n && *s == '0')
            d.point--;
        else if (*s != '.')
            d.digit[d.n++] = *s;
    }
    while (d.n > 1 && d.digit[d.n - 1] == '0') d.n--;
    return d.n ? d : (Decimal){ 1, 1, "0" };
}

/* The number of that type that a decimal stands for.  A decimal of at most 5 digits is never so close to the middle
** between two halves that rounding to double first could matter. */
static double back(const Decimal *d, int dtype) {
    char text[64];
    snprintf(text, sizeof text, "0.%.*se%d", d->n, d->digit, d->point);
    if (dtype == JXL_F32) return strtof(text, NULL);
    double x = strtod(text, NULL);
    return dtype == JXL_F16 ? jxl_half_to_double(jxl_double_to_half(x)) : x;
}

/* The next larger decimal of `digits` digits. */
static Decimal above(Decimal d, int digits) {
    while (d.n < digits) d.digit[d.n++] = '0';
    int i = d.n - 1;
    while (i >= 0 && d.digit[i] == '9') d.digit[i--] = '0';
    if (i >= 0) {
        d.digit[i]++;
    } else {
        d.digit[0] = '1';
        d.point++;
    }
    while (d.n > 1 && d.digit[d.n - 1] == '0') d.n--;
    return d;
}

/* From the power of two down the neighbours are closer than upwards, so the nearest decimal may already belong to the
** neighbour while the one above still belongs to x. */
static int is_power_of_two(double x) {
    int exponent;
    return frexp(x, &exponent) == 0.5;
}

Decimal jxl_shortest(double x, int dtype) {
    int half = dtype == JXL_F16, single = dtype == JXL_F32;
    double normal = half ? 0x1p-14 : single ? FLT_MIN : DBL_MIN;
    int always = half ? 3 : single ? FLT_DIG : DBL_DIG; /* decimals of so many digits all differ */
    x = fabs(x);
    for (int digits = x < normal ? 1 : always;; digits++) {
        Decimal d = jxl_rounded(x, digits);
        if (back(&d, dtype) == x || digits >= DBL_DECIMAL_DIG) return d;
        if (!is_power_of_two(x)) continue;
        d = above(d, digits);
        if (back(&d, dtype) == x) return d;
    }
}

void jxl_put_positional(Text *t, const Decimal *d) {
    if (d->point <= 0) {
        jxl_text_put(t, "0.");
        jxl_text_fill(t, '0', -d->point);
        jxl_text_add(t, d->digit, (size_t)d->n);
        return;
    }
    int whole = d->n < d->point ? d->n : d->point;
    jxl_text_add(t, d->digit, (size_t)whole);
    jxl_text_fill(t, '0', d->point - whole);
    jxl_text_put(t, ".");
    jxl_text_add(t, d->digit + whole, (size_t)(d->n - whole));
}

void jxl_put_exponent(Text *t, const Decimal *d, int least_digits) {
    int exponent = d->point - 1;
    jxl_text_add(t, d->digit, 1);
    jxl_text_put(t, ".");
    jxl_text_add(t, d->digit + 1, (size_t)(d->n - 1));
    jxl_text_addf(t, "e%c%0*d", exponent < 0 ? '-' : '+', least_digits, abs(exponent));
}
