/* Templates: text with holes that say which argument to write, and how.  See runtime.h. */
#include "internal.h"

#include <string.h>

typedef struct {
    int argument;
    char flavour, conversion;
    const char *spec; /* not ended by NUL */
    size_t spec_length;
} Hole;

/* Reads from behind the opening brace; returns what follows the closing one, NULL if this is no hole. */
static const char *read_hole(const char *s, Hole *h) {
    *h = (Hole){ 0 };
    if (*s < '0' || *s > '9') return NULL;
    while (*s >= '0' && *s <= '9') h->argument = 10 * h->argument + (*s++ - '0');
    if (s[0] != '!' || !s[1] || !s[2]) return NULL;
    h->flavour = s[1];
    h->conversion = s[2];
    s += 3;
    if (*s == ':') {
        h->spec = ++s;
        for (int depth = 0; *s && (depth || *s != '}'); s++) depth += (*s == '{') - (*s == '}');
        h->spec_length = (size_t)(s - h->spec);
    }
    return *s == '}' ? s + 1 : NULL;
}

static void put_string(Text *t, const Hole *h, const char *value, const char *spec) {
    if (h->conversion == 'r')
        jxl_repr_string(t, value);
    else if (h->conversion == 'f')
        jxl_format_string(t, value, spec);
    else
        jxl_text_put(t, value);
}

static void put_number(Text *t, const Hole *h, const jxl_array *a, const char *spec) {
    Number x = jxl_element(a, 0);
    if (h->conversion == 'f')
        jxl_format_number(t, &x, spec);
    else if (h->flavour == 'p')
        jxl_python_scalar(t, &x);
    else if (h->conversion == 's')
        jxl_numpy_scalar(t, &x);
    else
        jxl_repr_numpy_scalar(t, &x);
}

static void put_array(Text *t, const jxl_array *a, const char *options) {
    PrintOptions o = jxl_print_options(options);
    jxl_put_array(t, a, &o);
}

static void put_argument(Text *t, const Hole *h, const jxl_array *a, const char *spec) {
    int is_array = h->flavour == 'j' || h->flavour == 'w' || h->flavour == 'n';
    if (h->conversion == 't')
        jxl_put_type(t, a);
    else if (h->flavour == 't')
        put_string(t, h, a->dtype == JXL_U64 ? *(const char *const *)a->data : a->data, spec);
    else if (is_array && h->conversion == 'r' && h->flavour == 'n')
        jxl_repr_numpy(t, a, spec);
    else if (is_array && h->conversion == 'r')
        jxl_repr_jax(t, a, spec, h->flavour == 'w');
    else if (!is_array || a->rank == 0)
        put_number(t, h, a, spec);
    else if (h->conversion == 'f' && *spec)
        jxl_fail_text(t->call, 1, "unsupported format string passed to numpy.ndarray.__format__");
    else
        put_array(t, a, spec);
}

static void put_hole(Text *t, const Hole *h, int nargs, const jxl_array *args) {
    if (h->argument >= nargs) return;
    Text spec = { .call = t->call };
    if (h->spec_length) {
        Text raw = { .call = t->call };
        jxl_text_add(&raw, h->spec, h->spec_length);
        if (raw.at) jxl_expand(&spec, raw.at, nargs, args); /* a width or a precision may be a hole itself */
        jxl_release(t->call, raw.at);
    }
    if (!t->call->status) put_argument(t, h, &args[h->argument], spec.at ? spec.at : "");
    jxl_release(t->call, spec.at);
}

void jxl_expand(Text *t, const char *format, int nargs, const jxl_array *args) {
    for (const char *s = format; *s && !t->call->status;) {
        size_t plain = strcspn(s, "{}");
        jxl_text_add(t, s, plain);
        s += plain;
        Hole h;
        const char *end = *s == '{' ? read_hole(s + 1, &h) : NULL;
        if (end) {
            put_hole(t, &h, nargs, args);
            s = end;
        } else if (*s) {
            jxl_text_add(t, s, 1);
            s += s[1] == s[0] ? 2 : 1;
        }
    }
}

char *jxl_format(jxl_call *c, const char *format, int nargs, const jxl_array *args) {
    Text t = { .call = c };
    jxl_text_put(&t, "");
    jxl_expand(&t, format, nargs, args);
    if (!c->status) return t.at;
    jxl_release(c, t.at);
    return NULL;
}
