/* natives: the functions written in C, and how their arguments are bound.
**
** A row's signature is Python's, with literal defaults, so every native takes keywords and complains like Python does. */
#include "elaborate/values.h"

#include <stdlib.h>
#include <string.h>

#define NATIVE(module, name, signature) Py native_##module##_##name(Elab *, Call *);
#include "elaborate/natives.def"
#undef NATIVE

static const Native rows[] = {
#define NATIVE(module, name, signature) { #module, #name, signature, native_##module##_##name, -1 },
#include "elaborate/natives.def"
#undef NATIVE
};

/* An elementwise operation of ops.def is a primitive of its name. */
static Py call_operation(Elab *e, Call *c) {
    return elementwise(e, (Op)c->native->op, op_nargs((Op)c->native->op), c->arg, c->native->name, c->span);
}

static const Native operations[] = {
#define OP(name, args, results, class, linear, effect, attrs, meaning)                                                 \
    { CLASS_##class == CLASS_ELEMENTWISE && (results) == 1 ? "primitives" : "", #name,                                 \
      (args) == 1   ? "x, /"                                                                                           \
      : (args) == 2 ? "x, y, /"                                                                                        \
                    : "x, y, z, /",                                                                                    \
      call_operation, OP_##name },
#include "ops/ops.def"
#undef OP
};

const Native *native_at(int i) {
    return i < COUNT(rows) ? &rows[i] : i - COUNT(rows) < COUNT(operations) ? &operations[i - COUNT(rows)] : NULL;
}

const Native *native_find(const char *module, const char *name) {
    for (int i = 0; i < COUNT(rows); i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].module, module) == 0) return &rows[i];
    if (strcmp(module, "primitives") == 0)
        for (int i = 0; i < COUNT(operations); i++)
            if (strcmp(operations[i].name, name) == 0 && *operations[i].module) return &operations[i];
    return NULL;
}

typedef struct {
    const char *name;
    char star; /* 0, '*', 'd' for **, '/' and 'k' for marks alone */
    Py fallback;
} Parameter;

static const char *skip(const char *s) {
    while (*s == ' ') s++;
    return s;
}

/* None, True, False, (), a number or a string. */
static Py literal(Elab *e, const char *s, int n) {
    if (strncmp(s, "None", 4) == 0) return e->none;
    if (strncmp(s, "True", 4) == 0) return e->true_;
    if (strncmp(s, "False", 5) == 0) return e->false_;
    if (strncmp(s, "...", 3) == 0) return e->ellipsis;
    if (*s == '(') return e->empty_tuple;
    if (*s == '\'') return py_str_n(e, s + 1, n - 2);
    for (int i = 0; i < n; i++)
        if (s[i] == '.' || (s[i] == 'e' && i)) return py_float(e, strtod(s, NULL));
    return py_int(e, strtoll(s, NULL, 10));
}

static int parse_signature(Elab *e, const char *s, Parameter *p, int most) {
    int n = 0;
    for (s = skip(s); *s; s = skip(s)) {
        if (n == most) bug(e->cx, "a native with too many parameters: %s", s);
        Parameter it = { 0 };
        if (*s == '/') {
            it.star = '/';
            s++;
        } else if (*s == '*' && s[1] == '*') {
            it.star = 'd';
            s += 2;
        } else if (*s == '*') {
            it.star = s[1] == ',' || !s[1] ? 'k' : '*';
            s++;
        }
        int length = (int)strcspn(s, ",= ");
        it.name = name_of_n(e->cx, s, length);
        s = skip(s + length);
        if (*s == '=') {
            s = skip(s + 1);
            length = *s == '\'' ? (int)(strchr(s + 1, '\'') - s) + 1 : (int)strcspn(s, ",");
            it.fallback = literal(e, s, length);
            s = skip(s + length);
        }
        if (*s == ',') s++;
        p[n++] = it;
    }
    return n;
}

enum { MOST_PARAMETERS = 24 };

Py native_call(Elab *e, const Native *row, const Args *args) {
    Parameter p[MOST_PARAMETERS];
    int np = parse_signature(e, row->signature, p, MOST_PARAMETERS);
    Py bound[MOST_PARAMETERS] = { 0 };
    int nb = 0, given = 0;
    bool keyword_only = false;
    bool *used = NEW_ARRAY(e->arena, bool, args->nkeywords + 1);
    int positional_only = -1;
    for (int i = 0; i < np; i++)
        if (p[i].star == '/') positional_only = i;
    for (int i = 0; i < args->nargs; i++)
        if (args->args[i]->kind == PY_ERROR) return e->error;
    for (int i = 0; i < args->nkeywords; i++)
        if (args->values[i]->kind == PY_ERROR) return e->error;
    int dict_at = -1;
    for (int i = 0; i < np; i++) {
        if (p[i].star == '/') continue;
        if (p[i].star == 'k') {
            keyword_only = true;
            continue;
        }
        if (p[i].star == '*') {
            bound[nb++] = py_tuple(e, args->nargs > given ? args->nargs - given : 0, args->args + given);
            given = args->nargs;
            keyword_only = true;
            continue;
        }
        if (p[i].star == 'd') {
            dict_at = nb++;
            continue;
        }
        Py x = NULL;
        if (!keyword_only && given < args->nargs) x = args->args[given++];
        for (int k = 0; i > positional_only && k < args->nkeywords; k++)
            if (args->names[k] == p[i].name) {
                if (x) return fail(e, args->span, "%s() was given %s twice", row->name, p[i].name);
                x = args->values[k];
                used[k] = true;
            }
        if (!x) x = p[i].fallback;
        if (!x) return fail(e, args->span, "%s() needs its argument %s", row->name, p[i].name);
        bound[nb++] = x;
    }
    if (given < args->nargs) {
        int self = np && strcmp(p[0].name, "self") == 0; /* is not written between the parentheses */
        return fail(e, args->span, "%s() takes %d argument%s, and was given %d", row->name, given - self,
                    given - self == 1 ? "" : "s", args->nargs - self);
    }
    if (dict_at >= 0) {
        bound[dict_at] = py_dict(e);
        for (int k = 0; k < args->nkeywords; k++)
            if (!used[k]) dict_set(e, bound[dict_at], py_str(e, args->names[k]), args->values[k]);
    } else {
        for (int k = 0; k < args->nkeywords; k++)
            if (!used[k]) return fail(e, args->span, "%s() has no argument named %s", row->name, args->names[k]);
    }
    Call c = { row, bound, args, args->span };
    return row->call(e, &c);
}
