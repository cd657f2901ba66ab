/* Fields: fills a width around a text or a number, and puts separators between groups of digits. */
#include "spec.h"

#include <string.h>

int64_t jxl_characters(const char *text, size_t n) {
    int64_t count = 0;
    for (size_t i = 0; i < n; i++) count += (text[i] & 0xc0) != 0x80;
    return count;
}

static void fill(Text *t, const Spec *f, int64_t n) {
    if (n > 0 && (f->width - n > INT32_MAX || n > INT32_MAX)) {
        jxl_fail_text(t->call, 1, "out of memory: a field %lld wide was asked for", (long long)f->width);
        return;
    }
    if (!f->fill[1]) {
        jxl_text_fill(t, f->fill[0], n);
        return;
    }
    for (int64_t i = 0; i < n; i++) jxl_text_put(t, f->fill);
}

void jxl_pad(Text *t, const Spec *f, const char *text, size_t n) {
    int64_t missing = f->width - jxl_characters(text, n);
    if (missing < 0) missing = 0;
    int64_t before = f->align == '<' ? 0 : f->align == '^' ? missing / 2 : missing;
    fill(t, f, before);
    jxl_text_add(t, text, n);
    fill(t, f, missing - before);
}

/* Digits in groups, from the right, with zeros in front until they fill `least` columns; the separator is never first,
** so a zero too many may be needed. */
static void put_groups(Text *t, const Spec *f, const Field *d, int64_t least) {
    int size = !f->grouping ? 0 : f->type && strchr("boxX", f->type) ? 4 : 3;
    int64_t columns = d->ndigits > least ? d->ndigits : least; /* without separators */
    if (size) {
        columns = d->ndigits;
        while (columns + (columns - 1) / size < least) columns++;
    }
    for (int64_t i = 0; i < columns; i++) {
        int64_t from_right = columns - i, digit = i - (columns - d->ndigits);
        if (size && i && from_right % size == 0) jxl_text_add(t, &f->grouping, 1);
        jxl_text_add(t, digit < 0 ? "0" : d->digits + digit, 1);
    }
}

void jxl_put_field(Text *t, const Spec *f, const Field *d) {
    int zeros = f->align == '=' && !strcmp(f->fill, "0") && d->ndigits;
    int64_t fixed = (int64_t)strlen(d->sign) + (int64_t)strlen(d->prefix) + d->nrest;
    if (f->width > INT32_MAX) {
        fill(t, f, f->width);
        return;
    }
    Text number = { .call = t->call };
    put_groups(&number, f, d, zeros ? f->width - fixed : 0);
    int64_t missing = f->width - fixed - (int64_t)number.n;
    int64_t before = f->align == '>' ? missing : f->align == '^' && missing > 0 ? missing / 2 : 0;
    fill(t, f, before);
    jxl_text_put(t, d->sign);
    jxl_text_put(t, d->prefix);
    if (f->align == '=') fill(t, f, missing);
    if (number.at) jxl_text_add(t, number.at, number.n);
    jxl_text_add(t, d->rest, (size_t)d->nrest);
    if (f->align == '<' || f->align == '^') fill(t, f, missing - before);
    jxl_release(t->call, number.at);
}
