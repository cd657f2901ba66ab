/* read_attrs: size expressions, and attributes: one function per kind, as in print.c. */
#include "ir/read.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* sizes: a sum of products of numbers, names, min(a, b), max(a, b) and things in parentheses */

const SizeVar *read_size_name(Reader *r, const char *name) {
    for (int i = 0; i < r->sizes.n; i++)
        if (r->sizes.at[i]->name == name) return r->sizes.at[i];
    Span span = { r->file, (int)(r->at - r->text) - (int)strlen(name), (int)(r->at - r->text) };
    PUSH(r->cx->arena, &r->sizes, size_var(r->cx, name, span));
    return r->sizes.at[r->sizes.n - 1];
}

static bool integer(Reader *r, int64_t *value) {
    bool negative = read_if(r, "-");
    if (!isdigit((unsigned char)*r->at)) return read_wrong(r, "expected a number");
    errno = 0;
    char *end;
    uint64_t u = strtoull(r->at, &end, 10);
    if (errno || (u > INT64_MAX && !(negative && u == UINT64_C(1) << 63)))
        return read_wrong(r, "a number of more than 64 bits");
    r->at = end;
    *value = (int64_t)(negative ? 0 - u : u);
    return true;
}

static const Dim *factor(Reader *r, int depth) {
    Compiler *cx = r->cx;
    if (depth > 100) return read_wrong(r, "nested too deep"), NULL;
    if (read_if(r, "-")) {
        const Dim *d = factor(r, depth + 1);
        return d ? dim_sub(cx, dim_int(cx, 0), d) : NULL;
    }
    if (read_if(r, "(")) {
        const Dim *d = read_dim(r);
        return d && read_expect(r, ")") ? d : NULL;
    }
    const char *word = read_word(r);
    if (word && (!strcmp(word, "min") || !strcmp(word, "max"))) {
        const Dim *a = read_expect(r, "(") ? read_dim(r) : NULL, *b = a && read_expect(r, ",") ? read_dim(r) : NULL;
        if (!b || !read_expect(r, ")")) return NULL;
        return word[1] == 'i' ? dim_min(cx, a, b) : dim_max(cx, a, b);
    }
    if (word) return dim_var(cx, read_size_name(r, word));
    int64_t value;
    return integer(r, &value) ? dim_int(cx, value) : NULL;
}

static const Dim *product(Reader *r) {
    const Dim *d = factor(r, 0);
    while (d) {
        bool times = read_if(r, "*"), over = !times && read_if(r, "//"), rest = !times && !over && read_if(r, "%");
        if (!times && !over && !rest) return d;
        const Dim *by = factor(r, 0);
        if (!by) return NULL;
        if (!times && dim_is(by, 0)) return read_wrong(r, "a size divided by 0"), NULL;
        d = times ? dim_mul(r->cx, d, by) : over ? dim_floordiv(r->cx, d, by) : dim_mod(r->cx, d, by);
    }
    return NULL;
}

const Dim *read_dim(Reader *r) {
    const Dim *d = product(r);
    while (d) {
        bool plus = read_if(r, "+"), minus = !plus && read_if(r, "-");
        if (!plus && !minus) return d;
        const Dim *by = product(r);
        if (!by) return NULL;
        d = plus ? dim_add(r->cx, d, by) : dim_sub(r->cx, d, by);
    }
    return NULL;
}

/* attributes */

static bool take_INT(Reader *r, int64_t *x) { return integer(r, x); }
static bool take_DIM(Reader *r, const Dim **x) { return (*x = read_dim(r)) != NULL; }
static bool take_TEXT(Reader *r, const char **x) { return (*x = read_quoted(r)) != NULL; }
static bool take_FUNC(Reader *r, Func **x) { return (*x = read_func_name(r)) != NULL; }
static bool take_DTYPE(Reader *r, DType *x) {
    const char *word = read_word(r);
    return (word && dtype_from_name(word, x)) || read_wrong(r, "expected a dtype");
}
static bool take_INTS(Reader *r, Ints *x) {
    struct {
        int64_t *at;
        int n, cap;
    } list = { 0 };
    if (!read_expect(r, "[")) return false;
    while (!read_if(r, "]")) {
        int64_t i;
        if ((list.n && !read_expect(r, ",")) || !integer(r, &i)) return false;
        PUSH(r->cx->arena, &list, i);
    }
    *x = (Ints){ list.n, list.at };
    return true;
}
static bool take_DIMS(Reader *r, Dims *x) {
    struct {
        const Dim **at;
        int n, cap;
    } list = { 0 };
    if (!read_expect(r, "[")) return false;
    while (!read_if(r, "]")) {
        const Dim *d = NULL;
        if ((list.n && !read_expect(r, ",")) || !(d = read_dim(r))) return false;
        PUSH(r->cx->arena, &list, d);
    }
    *x = (Dims){ list.n, list.at };
    return true;
}
static bool take_SIZES(Reader *r, Sizes *x) {
    struct {
        const SizeVar **at;
        int n, cap;
    } list = { 0 };
    if (!read_expect(r, "[")) return false;
    while (!read_if(r, "]")) {
        if (list.n && !read_expect(r, ",")) return false;
        const char *word = read_word(r);
        if (!word) return read_wrong(r, "expected the name of a size");
        PUSH(r->cx->arena, &list, read_size_name(r, word));
    }
    *x = (Sizes){ list.n, list.at };
    return true;
}

/* The elements of a constant: passed over first, and read when its dtype is known. */
static bool take_DATA(Reader *r, Data *x) {
    *x = (Data){ 1, r->at };
    int depth = 0;
    for (; *r->at && (depth || (*r->at != ',' && *r->at != '}')); r->at++) depth += (*r->at == '[') - (*r->at == ']');
    return true;
}

static bool real(Reader *r, double *x) {
    char *end;
    *x = strtod(r->at, &end);
    if (end == r->at) return read_wrong(r, "expected a number");
    r->at = end;
    return true;
}
static bool element(Reader *r, DType d, void *to) {
    double z[2] = { 0, 0 };
    read_if(r, ""); /* past spaces */
    if (d == DT_bool) {
        bool yes = read_if(r, "true");
        element_set_int(d, to, yes);
        return yes || read_if(r, "false") || read_wrong(r, "expected true or false");
    }
    if (!dtype_is_inexact(d)) {
        char *end;
        errno = 0;
        int64_t i = *r->at == '-' ? strtoll(r->at, &end, 10) : (int64_t)strtoull(r->at, &end, 10);
        if (end == r->at) return read_wrong(r, "expected an integer");
        element_set_int(d, to, i);
        bool fits = !errno && element_int(d, to) == i && (d == DT_u64 || i >= 0 || *r->at == '-');
        if (!fits) return read_wrong(r, "this does not fit into %s", dtype_name(d));
        r->at = end;
        return true;
    }
    if (!real(r, &z[0])) return false;
    if (dtype_is_complex(d) && (!real(r, &z[1]) || !read_expect(r, "j"))) return false;
    if (dtype_real(d) == DT_f32 && z[0] == z[0]) z[0] = (double)strtof(arena_text(r->cx->arena, "%.17g", z[0]), NULL);
    element_set_complex(d, to, z);
    return true;
}

static bool read_data(Reader *r, Attrs *a) {
    int width = dtype_bytes(a->dtype);
    Text bytes = text_new(r->cx->arena);
    char one[16];
    bool list = read_if(r, "[");
    int64_t n = 0;
    while (!list || !read_if(r, "]")) {
        if ((n && !read_expect(r, ",")) || !element(r, a->dtype, one)) return false;
        text_put(&bytes, one, width);
        n++;
        if (!list) break;
    }
    a->data = (Data){ n, bytes.at };
    return true;
}

bool read_attrs(Reader *r, Op op, Attrs *a) {
    for (int n = 0; !read_if(r, "}"); n++) {
        if (n && !read_expect(r, ",")) return false;
        const char *word = read_word(r);
        if (!word) return read_wrong(r, "expected the name of an attribute");
        bool known = false;
#define ATTR(name, kind, under_vmap, meaning)                                                                          \
    if (!known && op_has_attr(op, ATTR_INDEX_##name) && !strcmp(word, #name)) {                                        \
        if (!read_expect(r, "=") || !take_##kind(r, &a->name)) return false;                                           \
        known = true;                                                                                                  \
    }
#include "ir/attrs.def"
#undef ATTR
        if (!known) return read_wrong(r, "%s has no attribute %s", op_name(op), word);
    }
    if (!op_has_attr(op, ATTR_INDEX_data)) return true;
    if (!a->data.bytes) return read_wrong(r, "%s needs data", op_name(op));
    const char *after = r->at;
    r->at = a->data.bytes;
    bool ok = read_data(r, a);
    if (ok) r->at = after;
    return ok;
}
