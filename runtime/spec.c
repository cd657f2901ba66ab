/* Python's format specs: reads one and hands the value to the formatter of its type.  What is wrong with a spec is said
** in Python's words. */
#include "spec.h"

#include <inttypes.h>
#include <string.h>

static int bytes_of_character(const char *s) {
    int n = 1;
    while ((s[n] & 0xc0) == 0x80 && n < 4) n++;
    return n;
}

static int is_align(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

/* -1 where there is no number; INT64_MIN where it is too large. */
static int64_t read_number(const char **s) {
    if (**s < '0' || **s > '9') return -1;
    int64_t n = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        if (n > (INT64_MAX - 9) / 10) return INT64_MIN;
        n = 10 * n + (**s - '0');
    }
    return n;
}

static const char *read_fill_and_align(const char *s, Spec *f, char default_align) {
    int n = *s ? bytes_of_character(s) : 0;
    f->align = default_align;
    memcpy(f->fill, " ", 2);
    if (n && is_align(s[n])) {
        memcpy(f->fill, s, (size_t)n);
        f->fill[n] = 0;
        f->align = s[n];
        return s + n + 1;
    }
    if (!is_align(*s)) return s;
    f->align = *s;
    return s + 1;
}

static int check_grouping(jxl_call *c, const Spec *f, char default_type) {
    char type = f->type ? f->type : default_type;
    if (!f->grouping || (type && strchr("defgEFG%", type))) return 1;
    if (f->grouping == '_' && strchr("boxX", type)) return 1;
    jxl_fail_text(c, 1, "Cannot specify '%c' with '%c'.", f->grouping, type);
    return 0;
}

int jxl_read_spec(jxl_call *c, const char *text, const char *type, char default_align, Spec *f) {
    *f = (Spec){ .width = -1, .precision = -1 };
    const char *s = read_fill_and_align(text, f, default_align);
    int aligned = s != text, filled = s - text > 1;
    if (*s == '+' || *s == '-' || *s == ' ') f->sign = *s++;
    if (*s == 'z') f->no_negative_zero = 1, s++;
    if (*s == '#') f->alternate = 1, s++;
    if (*s == '0' && !filled) {
        f->fill[0] = '0';
        if (!aligned && default_align == '>') f->align = '=';
        s++;
    }
    f->width = read_number(&s);
    if (*s == ',' || *s == '_') {
        f->grouping = *s++;
        if (*s == ',' || *s == '_') {
            if (*s == f->grouping)
                jxl_fail_text(c, 1, "Cannot specify '%c' with '%c'.", *s, *s);
            else
                jxl_fail_text(c, 1, "Cannot specify both ',' and '_'.");
            return 0;
        }
    }
    if (*s == '.') {
        s++;
        f->precision = read_number(&s);
        if (f->precision == -1) return jxl_fail_text(c, 1, "Format specifier missing precision"), 0;
    }
    if (f->width == INT64_MIN || f->precision == INT64_MIN)
        return jxl_fail_text(c, 1, "Too many decimal digits in format string"), 0;
    if (f->precision > INT32_MAX) return jxl_fail_text(c, 1, "precision too big"), 0;
    if (*s && s[1]) return jxl_fail_text(c, 1, "Invalid format specifier '%s' for object of type '%s'", text, type), 0;
    f->type = *s;
    return check_grouping(c, f, default_align == '<' ? 's' : 'd');
}

int jxl_unknown_code(jxl_call *c, const Spec *f, const char *type) {
    const char *format = f->type > 32 && f->type < 127 ? "Unknown format code '%c' for object of type '%s'"
                                                       : "Unknown format code '\\x%x' for object of type '%s'";
    return jxl_fail_text(c, 1, format, (unsigned char)f->type, type);
}

void jxl_format_number(Text *t, const Number *x, const char *text) {
    static const char *const names[] = { "bool", "int", "float", "complex" };
    Kind kind = jxl_dtypes[x->dtype].kind;
    Spec f;
    if (!*text) {
        jxl_python_scalar(t, x);
        return;
    }
    if (!jxl_read_spec(t->call, text, names[kind], '>', &f)) return;
    if (kind == KIND_COMPLEX) {
        jxl_format_complex(t, x->re, x->im, &f);
    } else if (kind == KIND_FLOAT) {
        jxl_format_float(t, x->re, &f);
    } else if (f.type && strchr("eEfFgG%", f.type)) {
        double value = (double)x->magnitude;
        jxl_format_float(t, x->negative ? -value : value, &f);
    } else {
        jxl_format_int(t, x, &f, names[kind]);
    }
}

void jxl_format_string(Text *t, const char *value, const char *text) {
    Spec f;
    const char *wrong = NULL;
    if (!jxl_read_spec(t->call, text, "str", '<', &f)) return;
    if (f.type && f.type != 's') {
        jxl_unknown_code(t->call, &f, "str");
        return;
    }
    if (f.sign)
        wrong = f.sign == ' ' ? "Space" : "Sign";
    else if (f.no_negative_zero)
        wrong = "Negative zero coercion (z)";
    else if (f.alternate)
        wrong = "Alternate form (#)";
    else if (f.align == '=')
        wrong = "'=' alignment";
    if (wrong) {
        jxl_fail_text(t->call, 1, "%s not allowed in string format specifier", wrong);
        return;
    }
    size_t n = 0;
    for (int64_t i = 0; value[n] && i != f.precision; i++) n += (size_t)bytes_of_character(value + n);
    jxl_pad(t, &f, value, n);
}
