/* methods_text: the methods of str.  They need a text that is known when compiling, except join and format. */
#include "elaborate/primitives.h"
#include "jxl/runtime.h"

#include <ctype.h>
#include <string.h>

/* The text of self (argument 0), or NULL after an error. */
static const char *own(Elab *e, Call *c) {
    const char *s;
    if (py_static_text(c->arg[0], &s)) return s;
    fail(e, c->span, "str.%s() needs a str that is known when compiling", c->native->name);
    return NULL;
}

static const char *given(Elab *e, Call *c, int i) {
    const char *s;
    if (py_static_text(c->arg[i], &s)) return s;
    fail(e, c->span, "str.%s() takes a str that is known when compiling, and was given %s", c->native->name,
         py_describe(e, c->arg[i]));
    return NULL;
}

static Py mapped(Elab *e, Call *c, int (*f)(int), int (*first)(int)) {
    const char *s = own(e, c);
    if (!s) return e->error;
    Py r = py_str(e, s);
    char *t = (char *)(uintptr_t)r->str.at;
    for (int i = 0; t[i]; i++)
        if (!(t[i] & 0x80)) t[i] = (char)(i ? f(t[i]) : first(t[i]));
    return r;
}
Py native_str_upper(Elab *e, Call *c) { return mapped(e, c, toupper, toupper); }
Py native_str_lower(Elab *e, Call *c) { return mapped(e, c, tolower, tolower); }
Py native_str_casefold(Elab *e, Call *c) { return mapped(e, c, tolower, tolower); }
Py native_str_capitalize(Elab *e, Call *c) { return mapped(e, c, tolower, toupper); }

static int swapped(int ch) { return isupper(ch) ? tolower(ch) : toupper(ch); }
Py native_str_swapcase(Elab *e, Call *c) { return mapped(e, c, swapped, swapped); }

Py native_str_title(Elab *e, Call *c) {
    Py r = mapped(e, c, tolower, tolower);
    if (r->kind == PY_ERROR) return r;
    char *t = (char *)(uintptr_t)r->str.at;
    for (int i = 0; t[i]; i++)
        if (!(t[i] & 0x80) && (!i || !isalpha((unsigned char)t[i - 1]))) t[i] = (char)toupper(t[i]);
    return r;
}

static Py stripped(Elab *e, Call *c, bool left, bool right) {
    const char *s = own(e, c), *set = " \t\n\r\f\v";
    if (!s) return e->error;
    if (c->arg[1]->kind != PY_NONE && !(set = given(e, c, 1))) return e->error;
    size_t n = strlen(s);
    while (left && n && strchr(set, *s)) s++, n--;
    while (right && n && strchr(set, s[n - 1])) n--;
    return py_str_n(e, s, (int)n);
}
Py native_str_strip(Elab *e, Call *c) { return stripped(e, c, true, true); }
Py native_str_lstrip(Elab *e, Call *c) { return stripped(e, c, true, false); }
Py native_str_rstrip(Elab *e, Call *c) { return stripped(e, c, false, true); }

static Py by_spaces(Elab *e, const char *s, int64_t most) {
    Py list = py_list(e, 0, NULL);
    Contents *l = contents_change(e, list);
    for (;;) {
        while (isspace((unsigned char)*s)) s++;
        if (!*s) return list;
        size_t n = 0;
        while (s[n] && !isspace((unsigned char)s[n])) n++;
        if (most >= 0 && l->n == most) n = strlen(s);
        contents_push(e, l, NULL, py_str_n(e, s, (int)n));
        s += n;
    }
}

Py native_str_split(Elab *e, Call *c) {
    const char *s = own(e, c), *sep;
    int64_t most;
    if (!s || !py_static_int(e, c->arg[2], &most)) return e->error;
    if (c->arg[1]->kind == PY_NONE) return by_spaces(e, s, most);
    if (!(sep = given(e, c, 1))) return e->error;
    if (!*sep) return fail(e, c->span, "empty separator");
    Py list = py_list(e, 0, NULL);
    Contents *l = contents_change(e, list);
    for (const char *at; (most < 0 || l->n < most) && (at = strstr(s, sep)); s = at + strlen(sep))
        contents_push(e, l, NULL, py_str_n(e, s, (int)(at - s)));
    contents_push(e, l, NULL, py_str(e, s));
    return list;
}

static const char *last_of(const char *s, const char *what) {
    const char *found = NULL;
    for (const char *at = s; (at = strstr(at, what)); at++) found = at;
    return found;
}

Py native_str_rsplit(Elab *e, Call *c) {
    int64_t most;
    if (!py_static_int(e, c->arg[2], &most)) return e->error;
    if (most < 0 || c->arg[1]->kind == PY_NONE) return native_str_split(e, c);
    const char *s = own(e, c), *sep = given(e, c, 1);
    if (!s || !sep || !*sep) return e->error;
    Py parts[64], rest = py_str(e, s);
    int n = 64;
    for (; most-- > 0 && n > 1;) {
        const char *at = last_of(rest->str.at, sep);
        if (!at) break;
        parts[--n] = py_str(e, at + strlen(sep));
        rest = py_str_n(e, rest->str.at, (int)(at - rest->str.at));
    }
    parts[--n] = rest;
    return py_list(e, 64 - n, parts + n);
}

static Py parted(Elab *e, Call *c, bool last) {
    const char *s = own(e, c), *sep = s ? given(e, c, 1) : NULL;
    if (!sep) return e->error;
    const char *at = last ? last_of(s, sep) : strstr(s, sep);
    Py none = py_str(e, ""), all = py_str(e, s);
    if (!at) return py_tuple(e, 3, last ? (Py[]){ none, none, all } : (Py[]){ all, none, none });
    return py_tuple(e, 3, (Py[]){ py_str_n(e, s, (int)(at - s)), py_str(e, sep), py_str(e, at + strlen(sep)) });
}
Py native_str_partition(Elab *e, Call *c) { return parted(e, c, false); }
Py native_str_rpartition(Elab *e, Call *c) { return parted(e, c, true); }

Py native_str_splitlines(Elab *e, Call *c) {
    const char *s = own(e, c);
    if (!s) return e->error;
    Py list = py_list(e, 0, NULL);
    Contents *l = contents_change(e, list);
    while (*s) {
        size_t n = strcspn(s, "\r\n");
        contents_push(e, l, NULL, py_str_n(e, s, (int)n));
        s += n;
        if (*s == '\r' && s[1] == '\n') s++;
        if (*s) s++;
    }
    return list;
}

Py native_str_join(Elab *e, Call *c) {
    Py *items;
    int n;
    if (is_driven(c->arg[1])) c->arg[1] = call_values(e, py_builtin(e, "list"), 1, &c->arg[1], c->span);
    if (list_grows(c->arg[1]) && !c->arg[1]->contents->n &&
        !py_static_int(e, growing_length(e, c->arg[1]), &(int64_t){ 0 }))
        return growing_join(e, c->arg[1], c->arg[0], c->span);
    if (!iterate(e, c->arg[1], &items, &n, c->span)) return e->error;
    Py *parts = NEW_ARRAY(e->arena, Py, 2 * n + 1);
    int k = 0;
    for (int i = 0; i < n; i++) {
        if (items[i]->kind != PY_STR && items[i]->kind != PY_TEXT)
            return items[i]->kind == PY_ERROR
                       ? items[i]
                       : fail(e, c->span, "join() joins strs, and element %d is %s", i, py_describe(e, items[i]));
        if (i) parts[k++] = c->arg[0];
        parts[k++] = items[i];
    }
    return text_join(e, k, parts);
}

Py native_str_replace(Elab *e, Call *c) {
    const char *s = own(e, c), *old = s ? given(e, c, 1) : NULL, *new = old ? given(e, c, 2) : NULL;
    int64_t count;
    if (!new || !py_static_int(e, c->arg[3], &count)) return e->error;
    Text t = text_new(e->arena);
    if (!*old) return fail(e, c->span, "replace() of an empty str is not supported");
    for (const char *at; count != 0 && (at = strstr(s, old)); s = at + strlen(old), count--) {
        text_put(&t, s, (int)(at - s));
        text_put(&t, new, (int)strlen(new));
    }
    text_put(&t, s, (int)strlen(s));
    return py_str_n(e, t.at, t.n);
}

/* Of a text known at run time: whether it begins, or ends, with one of n. */
static Py ends_at_run_time(Elab *e, Call *c, bool front, int n, Py const *given) {
    Py result = e->false_;
    for (int i = 0; i < n; i++) {
        if (given[i]->kind != PY_STR && given[i]->kind != PY_TEXT)
            return fail(e, c->span, "%s() takes a str or a tuple of them", c->native->name);
        Py one = number_compare(e, OPERATOR_NotEq,
                                text_ask(e, front ? TEXT_STARTS : TEXT_ENDS, c->arg[0], given[i], c->span),
                                py_int(e, 0), c->span);
        result = i ? number_binary(e, OPERATOR_BitOr, result, one, c->span) : one;
    }
    return result;
}

static Py ends(Elab *e, Call *c, bool front) {
    int n = c->arg[1]->kind == PY_TUPLE ? c->arg[1]->contents->n : 1;
    Py const *all = c->arg[1]->kind == PY_TUPLE ? c->arg[1]->contents->at : &c->arg[1];
    bool later = c->arg[0]->kind == PY_TEXT;
    for (int i = 0; i < n; i++) later |= all[i]->kind == PY_TEXT;
    if (later) return ends_at_run_time(e, c, front, n, all);
    const char *s = own(e, c);
    if (!s) return e->error;
    for (int i = 0; i < n; i++) {
        const char *x;
        if (!py_static_text(all[i], &x))
            return fail(e, c->span, "%s() takes a str or a tuple of them", c->native->name);
        size_t ls = strlen(s), lx = strlen(x);
        if (lx <= ls && memcmp(front ? s : s + ls - lx, x, lx) == 0) return e->true_;
    }
    return e->false_;
}
Py native_str_startswith(Elab *e, Call *c) { return ends(e, c, true); }
Py native_str_endswith(Elab *e, Call *c) { return ends(e, c, false); }

static Py without(Elab *e, Call *c, bool front) {
    if (!own(e, c) || !given(e, c, 1)) return e->error;
    if (ends(e, c, front) != e->true_) return c->arg[0];
    int n = c->arg[1]->str.n;
    return front ? py_str(e, c->arg[0]->str.at + n) : py_str_n(e, c->arg[0]->str.at, c->arg[0]->str.n - n);
}
Py native_str_removeprefix(Elab *e, Call *c) { return without(e, c, true); }
Py native_str_removesuffix(Elab *e, Call *c) { return without(e, c, false); }

static int points(const char *s, const char *end) {
    int n = 0;
    for (; s < end; s++) n += (*s & 0xC0) != 0x80;
    return n;
}

static Py found(Elab *e, Call *c, bool last, bool must) {
    const char *s = own(e, c), *what = s ? given(e, c, 1) : NULL;
    int64_t start;
    if (!what || !py_static_int(e, c->arg[2], &start)) return e->error;
    const char *from = s;
    for (; start > 0 && *from; start--) /* code points */
        do from++;
        while ((*from & 0xC0) == 0x80);
    const char *at = last ? last_of(from, what) : strstr(from, what);
    if (!at && must) return fail(e, c->span, "substring not found");
    return py_int(e, at ? points(s, at) : -1);
}
Py native_str_find(Elab *e, Call *c) { return found(e, c, false, false); }
Py native_str_rfind(Elab *e, Call *c) { return found(e, c, true, false); }
Py native_str_index(Elab *e, Call *c) { return found(e, c, false, true); }
Py native_str_rindex(Elab *e, Call *c) { return found(e, c, true, true); }

Py native_str_count(Elab *e, Call *c) {
    const char *s = own(e, c), *what = s ? given(e, c, 1) : NULL;
    int n = 0;
    if (!what) return e->error;
    if (!*what) return py_int(e, points(s, s + strlen(s)) + 1);
    for (; (s = strstr(s, what)); s += strlen(what)) n++;
    return py_int(e, n);
}

/* Padding also works for a text that is known at run time: through a format. */
static Py padded(Elab *e, Call *c, char where) {
    int64_t width;
    const char *fill = given(e, c, 2);
    if (!fill || !py_static_int(e, c->arg[1], &width)) return e->error;
    return text_of(e, c->arg[0], 'f', arena_text(e->arena, "%s%c%lld", fill, where, (long long)(width < 0 ? 0 : width)),
                   c->span);
}
Py native_str_ljust(Elab *e, Call *c) { return padded(e, c, '<'); }
Py native_str_rjust(Elab *e, Call *c) { return padded(e, c, '>'); }

Py native_str_center(Elab *e, Call *c) {
    /* unlike a format, str.center puts the odd one on the left for an odd width */
    const char *s = own(e, c), *fill = given(e, c, 2);
    int64_t width;
    if (!s || !fill || !py_static_int(e, c->arg[1], &width)) return e->error;
    int n = points(s, s + strlen(s)), pad = (int)width - n;
    if (pad <= 0) return c->arg[0];
    int left = pad / 2 + (pad & (int)width & 1);
    Text t = text_new(e->arena);
    for (int i = 0; i < left; i++) text_put(&t, fill, (int)strlen(fill));
    text_put(&t, s, (int)strlen(s));
    for (int i = 0; i < pad - left; i++) text_put(&t, fill, (int)strlen(fill));
    return py_str_n(e, t.at, t.n);
}

Py native_str_zfill(Elab *e, Call *c) {
    const char *s = own(e, c);
    int64_t width;
    if (!s || !py_static_int(e, c->arg[1], &width)) return e->error;
    Text t = text_new(e->arena);
    int n = (int)strlen(s), sign = *s == '-' || *s == '+';
    text_put(&t, s, sign);
    for (int i = n; i < width; i++) text_put(&t, "0", 1);
    text_put(&t, s + sign, n - sign);
    return py_str_n(e, t.at, t.n);
}

static Py every(Elab *e, Call *c, int (*f)(int)) {
    const char *s = own(e, c);
    if (!s) return e->error;
    for (int i = 0; s[i]; i++)
        if (!f((unsigned char)s[i])) return e->false_;
    return py_bool(e, *s);
}
Py native_str_isdigit(Elab *e, Call *c) { return every(e, c, isdigit); }
Py native_str_isnumeric(Elab *e, Call *c) { return every(e, c, isdigit); }
Py native_str_isdecimal(Elab *e, Call *c) { return every(e, c, isdigit); }
Py native_str_isalpha(Elab *e, Call *c) { return every(e, c, isalpha); }
Py native_str_isalnum(Elab *e, Call *c) { return every(e, c, isalnum); }
Py native_str_isspace(Elab *e, Call *c) { return every(e, c, isspace); }
static int not_lower(int ch) { return !islower(ch); }
static int not_upper(int ch) { return !isupper(ch); }
Py native_str_isupper(Elab *e, Call *c) {
    return every(e, c, not_lower) == e->true_ && every(e, c, not_upper) == e->false_ ? e->true_ : e->false_;
}
Py native_str_islower(Elab *e, Call *c) {
    return every(e, c, not_upper) == e->true_ && every(e, c, not_lower) == e->false_ ? e->true_ : e->false_;
}

static int identifier(int ch) { return isalnum(ch) || ch == '_' || ch >= 0x80; }
Py native_str_isidentifier(Elab *e, Call *c) {
    Py yes = every(e, c, identifier);
    return yes == e->true_ && isdigit((unsigned char)*c->arg[0]->str.at) ? e->false_ : yes;
}

static Py field_value(Elab *e, Call *c, const char *name, int n, int *next) {
    const Contents *args = c->arg[1]->contents;
    size_t plain = 0;
    while (plain < (size_t)n && name[plain] != '.' && name[plain] != '[') plain++;
    Py x;
    if (plain == 0)
        x = *next < args->n ? args->at[(*next)++] : NULL;
    else if (isdigit((unsigned char)*name))
        x = *name - '0' < args->n && plain == 1 ? args->at[*name - '0'] : NULL;
    else
        x = dict_get(e, c->arg[2], py_str_n(e, name, (int)plain));
    if (!x) return fail(e, c->span, "format() has no argument for {%.*s}", n, name);
    for (size_t i = plain; i < (size_t)n;) {
        size_t k = i + 1;
        if (name[i] == '.') {
            while (k < (size_t)n && name[k] != '.' && name[k] != '[') k++;
            x = attribute(e, x, name_of_n(e->cx, name + i + 1, (int)(k - i - 1)), c->span);
            i = k;
        } else {
            while (k < (size_t)n && name[k] != ']') k++;
            const char *key = arena_text(e->arena, "%.*s", (int)(k - i - 1), name + i + 1);
            Py index = isdigit((unsigned char)*key)
                           ? call_values(e, py_native(e, "builtins", "int"), 1, (Py[]){ py_str(e, key) }, c->span)
                           : py_str(e, key);
            x = subscript(e, x, index, c->span);
            i = k + 1;
        }
    }
    return x;
}

/* "{} {0} {name!r:>8}".format(...) */
Py native_str_format(Elab *e, Call *c) {
    const char *s = own(e, c);
    if (!s) return e->error;
    struct {
        Py *at;
        int n, cap;
    } parts = { 0 };
    int next = 0;
    while (*s) {
        if ((*s == '{' || *s == '}') && s[1] == *s) {
            PUSH(e->arena, &parts, py_str_n(e, s, 1));
            s += 2;
        } else if (*s == '{') {
            const char *end = s;
            for (int depth = 0; *end; end++) {
                depth += (*end == '{') - (*end == '}');
                if (!depth) break;
            }
            if (!*end) return fail(e, c->span, "expected '}' before end of string");
            int n = (int)strcspn(s + 1, "!:}");
            const char *p = s + 1 + n;
            char conversion = 'f';
            if (*p == '!') {
                conversion = p[1];
                p += 2;
            }
            const char *spec = *p == ':' ? arena_text(e->arena, "%.*s", (int)(end - p - 1), p + 1) : "";
            Py x = field_value(e, c, s + 1, n, &next);
            if (x->kind == PY_ERROR) return x;
            if (strchr(spec, '{')) { /* a width from the arguments */
                Text t = text_new(e->arena);
                for (const char *q = spec; *q; q++) {
                    const char *close = *q == '{' ? strchr(q, '}') : NULL;
                    if (!close) {
                        text_put(&t, q, 1);
                        continue;
                    }
                    Py w = text_of(e, field_value(e, c, q + 1, (int)(close - q - 1), &next), 's', "", c->span);
                    if (w->kind != PY_STR) return fail(e, c->span, "a width must be known when compiling");
                    text_put(&t, w->str.at, w->str.n);
                    q = close;
                }
                spec = t.at;
            }
            Py text = text_of(e, x, conversion, conversion == 'f' ? spec : "", c->span);
            if (conversion != 'f' && *spec) text = text_of(e, text, 'f', spec, c->span);
            PUSH(e->arena, &parts, text);
            s = end + 1;
        } else {
            int n = (int)strcspn(s, "{}");
            if (!n) return fail(e, c->span, "single '}' encountered in format string");
            PUSH(e->arena, &parts, py_str_n(e, s, n));
            s += n;
        }
    }
    return text_join(e, parts.n, parts.at);
}
