/* Whole numbers by a format spec. */
#include "spec.h"

#include <inttypes.h>
#include <string.h>

/* The digits of x in a base, written towards the left from `end`. */
static char *write_digits(char *end, uint64_t x, unsigned base, const char *digits) {
    do *--end = digits[x % base];
    while (x /= base);
    return end;
}

static void put_character(Text *t, const Number *x, const Spec *f) {
    const char *wrong = f->sign ? "Sign" : f->alternate ? "Alternate form (#)" : NULL;
    if (wrong) {
        jxl_fail_text(t->call, 1, "%s not allowed with integer format specifier 'c'", wrong);
        return;
    }
    uint64_t c = x->magnitude;
    if (x->negative || c >= 0x110000) {
        jxl_fail_text(t->call, 1, "%%c arg not in range(0x110000)");
        return;
    }
    char text[5];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6) text[i] = (char)(0x80 | (c & 0x3f));
    text[0] = (char)(n == 1 ? c : (0xf00 >> n & 0xf0) | c);
    jxl_pad(t, f, text, n);
}

void jxl_format_int(Text *t, const Number *x, const Spec *f, const char *type) {
    static const struct {
        char type;
        unsigned base;
        const char *prefix;
    } bases[] = { { 0, 10, "" },    { 'd', 10, "" },   { 'n', 10, "" },   { 'b', 2, "0b" },
                  { 'o', 8, "0o" }, { 'x', 16, "0x" }, { 'X', 16, "0X" }, { 'c', 0, "" } };
    size_t k = 0;
    while (k < 8 && bases[k].type != f->type) k++;
    if (k == 8) {
        jxl_unknown_code(t->call, f, type);
        return;
    }
    const char *wrong = f->precision >= 0 ? "Precision" : f->no_negative_zero ? "Negative zero coercion (z)" : NULL;
    if (wrong) {
        jxl_fail_text(t->call, 1, "%s not allowed in integer format specifier", wrong);
        return;
    }
    if (!bases[k].base) {
        put_character(t, x, f);
        return;
    }
    char text[64], *end = text + sizeof text;
    const char *digits = f->type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char *start = write_digits(end, x->magnitude, bases[k].base, digits);
    Field d = { .prefix = f->alternate ? bases[k].prefix : "", .digits = start, .ndigits = end - start, .rest = "" };
    d.sign = x->negative ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
    jxl_put_field(t, f, &d);
}
