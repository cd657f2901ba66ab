/* How arrays are printed, read from the holes of a template: "precision=3;suppress=1;".  What is not named is as NumPy has
** it by default. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static int is(const char *name, size_t n, const char *what) { return strlen(what) == n && memcmp(name, what, n) == 0; }

static void copy(char *to, size_t room, const char *value, size_t n) {
    if (n >= room) n = room - 1;
    memcpy(to, value, n);
    to[n] = 0;
}

static void set(PrintOptions *o, const char *name, size_t length, const char *value, size_t n) {
    long long number = strtoll(value, NULL, 10);
    if (is(name, length, "precision")) o->precision = (int)number;
    if (is(name, length, "threshold")) o->threshold = number;
    if (is(name, length, "edgeitems")) o->edge_items = number;
    if (is(name, length, "linewidth")) o->line_width = (int)number;
    if (is(name, length, "suppress")) o->suppress = (int)number;
    if (is(name, length, "sign")) o->sign = *value;
    if (is(name, length, "nanstr")) copy(o->nan, sizeof o->nan, value, n);
    if (is(name, length, "infstr")) copy(o->infinity, sizeof o->infinity, value, n);
    if (is(name, length, "separator")) copy(o->separator, sizeof o->separator, value, n);
    if (is(name, length, "prefix")) o->prefix = (int)number;
    if (is(name, length, "suffix")) o->suffix = (int)number;
    if (!is(name, length, "floatmode")) return;
    if (is(value, n, "fixed")) o->mode = FLOATS_FIXED;
    if (is(value, n, "maxprec_equal")) o->mode = FLOATS_MAXPREC_EQUAL;
    if (is(value, n, "unique")) o->precision = -1;
}

PrintOptions jxl_print_options(const char *spec) {
    PrintOptions o = { .precision = 8,
                       .threshold = 1000,
                       .edge_items = 3,
                       .line_width = 75,
                       .sign = '-',
                       .nan = "nan",
                       .infinity = "inf",
                       .separator = " " };
    while (*spec) {
        const char *value = strchr(spec, '='), *end = value ? strchr(value, ';') : NULL;
        if (!end) break;
        set(&o, spec, (size_t)(value - spec), value + 1, (size_t)(end - value - 1));
        spec = end + 1;
    }
    return o;
}
