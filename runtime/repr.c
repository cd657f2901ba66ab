/* How arrays, NumPy's scalars and texts look inside containers: Array([1., 2.], dtype=float32), np.int64(3), 'text'. */
#include "internal.h"

#include <string.h>

static int64_t last_line(const Text *t, size_t from) {
    int64_t length = 0;
    for (size_t i = from; i < t->n; i++) length = t->at[i] == '\n' ? 0 : length + 1;
    return length;
}

static void put_shape(Text *t, const jxl_array *a) {
    jxl_text_put(t, "shape=(");
    for (int i = 0; i < a->rank; i++) jxl_text_addf(t, i ? ", %lld" : "%lld", (long long)a->shape[i]);
    jxl_text_put(t, a->rank == 1 ? ",)" : ")");
}

/* The options, but as repr() puts the elements between "array(" and ")". */
static PrintOptions inside(const char *options) {
    PrintOptions o = jxl_print_options(options);
    memcpy(o.separator, ", ", sizeof ", ");
    o.prefix = 6;
    o.suffix = 1;
    return o;
}

/* JAX asks whether the dtype fits on the last line, and then adds spaces, not a new line.  It counts from the text after
** "Array(", and one more where there is a line break. */
void jxl_repr_jax(Text *t, const jxl_array *a, const char *options, int weak) {
    PrintOptions o = inside(options);
    jxl_text_put(t, "Array(");
    size_t from = t->n;
    if (jxl_count(a) == 0) {
        jxl_text_put(t, "[], ");
        put_shape(t, a);
    } else {
        jxl_put_array(t, a, &o);
    }
    if (t->call->status) return;
    int64_t length = last_line(t, from) + 2;
    int64_t words = (int64_t)strlen("dtype=") + (int64_t)strlen(jxl_dtypes[a->dtype].name) +
                    (weak ? (int64_t)strlen(", weak_type=True") : 0);
    jxl_text_put(t, ",");
    jxl_text_fill(t, ' ', length + words + 2 > o.line_width ? 6 : 1);
    jxl_text_addf(t, "dtype=%s%s)", jxl_dtypes[a->dtype].name, weak ? ", weak_type=True" : "");
}

static int dtype_is_implied(int dtype) {
    return dtype == JXL_BOOL || dtype == JXL_I64 || dtype == JXL_F64 || dtype == JXL_C128;
}

void jxl_repr_numpy(Text *t, const jxl_array *a, const char *options) {
    PrintOptions o = inside(options);
    size_t from = t->n;
    int64_t count = jxl_count(a);
    jxl_text_put(t, "array(");
    jxl_put_array(t, a, &o);
    Text extra = { .call = t->call };
    int shape = (count == 0 && !(a->rank == 1 && a->shape[0] == 0)) || count > o.threshold;
    if (shape) put_shape(&extra, a);
    if (!dtype_is_implied(a->dtype) || count == 0)
        jxl_text_addf(&extra, "%sdtype=%s", shape ? ", " : "", jxl_dtypes[a->dtype].name);
    if (t->call->status) return;
    if (extra.n) {
        jxl_text_put(t, ",");
        int own_line = last_line(t, from) + (int64_t)extra.n + 2 > o.line_width;
        jxl_text_put(t, own_line ? "\n      " : " ");
        jxl_text_add(t, extra.at, extra.n);
    }
    jxl_release(t->call, extra.at);
    jxl_text_put(t, ")");
}

void jxl_repr_numpy_scalar(Text *t, const Number *x) {
    if (x->dtype == JXL_BOOL) {
        jxl_text_put(t, x->magnitude ? "np.True_" : "np.False_");
        return;
    }
    if (x->dtype == JXL_BF16) {
        jxl_numpy_scalar(t, x);
        return;
    }
    jxl_text_addf(t, "np.%s", jxl_dtypes[x->dtype].name);
    size_t from = t->n;
    jxl_text_put(t, "(");
    jxl_numpy_scalar(t, x);
    jxl_text_put(t, ")");
    if (t->call->status || t->at[from + 1] != '(') return;
    memmove(t->at + from, t->at + from + 1, t->n - from); /* a complex number has brackets of its own */
    t->n -= 2;
    t->at[t->n] = 0;
}

/* Python's repr of a text.  Letters outside ASCII stay; controls, and the two spaces of Latin-1 that do not print, are
** escaped. */
void jxl_repr_string(Text *t, const char *value) {
    const char *quote = strchr(value, '\'') && !strchr(value, '"') ? "\"" : "'";
    jxl_text_put(t, quote);
    for (const unsigned char *s = (const unsigned char *)value; *s; s++) {
        int latin = s[0] == 0xc2 && (s[1] <= 0xa0 || s[1] == 0xad);
        if (*s == '\\' || *s == (unsigned char)*quote)
            jxl_text_addf(t, "\\%c", *s);
        else if (*s == '\n')
            jxl_text_put(t, "\\n");
        else if (*s == '\r')
            jxl_text_put(t, "\\r");
        else if (*s == '\t')
            jxl_text_put(t, "\\t");
        else if (*s < 32 || *s == 127)
            jxl_text_addf(t, "\\x%02x", *s);
        else if (latin)
            jxl_text_addf(t, "\\x%02x", *++s);
        else
            jxl_text_add(t, (const char *)s, 1);
    }
    jxl_text_put(t, quote);
}

/* As programs write a type: f32[3, 4]. */
void jxl_put_type(Text *t, const jxl_array *a) {
    jxl_text_put(t, jxl_dtypes[a->dtype].brief);
    for (int i = 0; i < a->rank; i++) jxl_text_addf(t, i ? ", %lld" : "[%lld", (long long)a->shape[i]);
    if (a->rank) jxl_text_put(t, "]");
}
