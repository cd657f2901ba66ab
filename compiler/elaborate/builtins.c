/* builtins: Python's numbers, types and small functions. */
#include "elaborate/primitives.h"
#include "elaborate/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Py int_of_real(Elab *e, double x, Span span) {
    if (isnan(x)) return fail(e, span, "cannot convert float NaN to integer");
    if (isinf(x)) return fail(e, span, "cannot convert float infinity to integer");
    x = trunc(x);
    if (fabs(x) >= 0x1p126) return fail(e, span, "the int is too large");
    return py_int(e, (Int128)x);
}

static Py int_of_text(Elab *e, const char *s, int base, Span span) {
    Int128 value = 0;
    bool negative = false, any = false;
    const char *p = s;
    while (*p == ' ' || *p == '\t' || *p == '\n') p++;
    if (*p == '-' || *p == '+') negative = *p++ == '-';
    if (base == 16 && p[0] == '0' && (p[1] | 32) == 'x') p += 2;
    if (base == 2 && p[0] == '0' && (p[1] | 32) == 'b') p += 2;
    for (;; p++) {
        if (*p == '_' && any) continue;
        int digit = *p >= '0' && *p <= '9'                 ? *p - '0'
                    : (*p | 32) >= 'a' && (*p | 32) <= 'z' ? (*p | 32) - 'a' + 10
                                                           : 99;
        if (digit >= base) break;
        if (value > (Int128)1 << 120) return fail(e, span, "the int is too large");
        value = value * base + digit;
        any = true;
    }
    while (*p == ' ' || *p == '\n') p++;
    if (*p || !any) return fail(e, span, "invalid literal for int() with base %d: '%s'", base, s);
    return py_int(e, negative ? -value : value);
}

Py native_builtins_int(Elab *e, Call *c) {
    Py x = c->arg[0];
    const char *s;
    int64_t base = 10;
    if (c->arg[1]->kind != PY_NONE && !py_static_int(e, c->arg[1], &base))
        return fail(e, c->span, "the base must be known when compiling");
    if (x->kind == PY_ARRAY) {
        x = number_of_array(e, x, c->span);
        if (x->kind == PY_ERROR) return x;
    }
    if (x->kind == PY_TEXT && base == 10) return text_number(e, x, NUMBER_INT, c->span);
    if (py_static_text(x, &s)) return int_of_text(e, s, (int)base, c->span);
    if (x->kind == PY_BOOL || x->kind == PY_INT) return py_int(e, x->integer);
    if (x->kind == PY_FLOAT) return int_of_real(e, x->number, c->span);
    if (x->kind == PY_SCALAR && x->scalar.number == NUMBER_INT) return x;
    if (x->kind == PY_SCALAR && x->scalar.number == NUMBER_BOOL)
        return py_scalar(e, NUMBER_INT, scalar_value(e, x, NUMBER_INT));
    if (x->kind == PY_SCALAR && x->scalar.number == NUMBER_FLOAT)
        return py_scalar(e, NUMBER_INT, ir_convert(e->b, ir_trunc(e->b, scalar_value(e, x, NUMBER_FLOAT)), DT_i64));
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__int__"))
        return call_method(e, x, "__int__", 0, NULL, c->span);
    return fail(e, c->span, "%s cannot be made an int", py_describe(e, x));
}

Py native_builtins_float(Elab *e, Call *c) {
    Py x = c->arg[0];
    const char *s;
    if (x->kind == PY_ARRAY) {
        x = number_of_array(e, x, c->span);
        if (x->kind == PY_ERROR) return x;
    }
    if (x->kind == PY_TEXT) return text_number(e, x, NUMBER_FLOAT, c->span);
    if (py_static_text(x, &s)) {
        char *end;
        double v = strtod(s, &end);
        while (*end == ' ' || *end == '\n') end++;
        if (*end || end == s || strpbrk(s, "xX("))
            return fail(e, c->span, "could not convert string to float: '%s'", s);
        return py_float(e, v);
    }
    if (x->kind == PY_BOOL || x->kind == PY_INT) return py_float(e, (double)x->integer);
    if (x->kind == PY_FLOAT) return x;
    if (x->kind == PY_SCALAR && x->scalar.number != NUMBER_COMPLEX)
        return py_scalar(e, NUMBER_FLOAT, scalar_value(e, x, NUMBER_FLOAT));
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__float__"))
        return call_method(e, x, "__float__", 0, NULL, c->span);
    return fail(e, c->span, "%s cannot be made a float", py_describe(e, x));
}

Py native_builtins_complex(Elab *e, Call *c) {
    double part[4] = { 0 };
    for (int i = 0; i < 2; i++) {
        Py x = c->arg[i];
        if (x->kind == PY_COMPLEX) {
            part[2 * i] = x->number;
            part[2 * i + 1] = x->imag;
        } else if (!py_static_real(e, x, &part[2 * i])) {
            return fail(e, c->span, "complex() takes numbers that are known when compiling, and was given %s",
                        py_describe(e, x));
        }
    }
    return py_complex(e, part[0] - part[3], part[1] + part[2]);
}

Py native_builtins_bool(Elab *e, Call *c) {
    Value *v = NULL;
    int known = py_truth(e, c->arg[0], &v);
    if (known == -2) return e->error;
    return known >= 0 ? py_bool(e, known) : py_scalar(e, NUMBER_BOOL, v);
}

Py native_builtins_str(Elab *e, Call *c) { return text_of(e, c->arg[0], 's', "", c->span); }
Py native_builtins_repr(Elab *e, Call *c) { return text_of(e, c->arg[0], 'r', "", c->span); }
Py native_builtins_format(Elab *e, Call *c) {
    const char *spec;
    if (!py_static_text(c->arg[1], &spec)) return fail(e, c->span, "a format must be known when compiling");
    return text_of(e, c->arg[0], 'f', spec, c->span);
}

Py native_builtins_abs(Elab *e, Call *c) {
    Py x = c->arg[0];
    if (x->kind == PY_ARRAY && x->array.value->type->dtype == DT_bool) return x;
    if (x->kind == PY_ARRAY) return elementwise(e, OP_abs, 1, &x, "abs", c->span);
    if (x->kind == PY_BOOL || x->kind == PY_INT) return py_int(e, x->integer < 0 ? -x->integer : x->integer);
    if (x->kind == PY_FLOAT) return py_float(e, fabs(x->number));
    if (x->kind == PY_COMPLEX) return py_float(e, hypot(x->number, x->imag));
    if (x->kind == PY_SCALAR) {
        NumberKind k = x->scalar.number == NUMBER_BOOL ? NUMBER_INT : x->scalar.number;
        return py_scalar(e, k == NUMBER_COMPLEX ? NUMBER_FLOAT : k, ir_abs(e->b, scalar_value(e, x, k)));
    }
    if (x->kind == PY_OBJECT && class_lookup(e, x->cls, "__abs__"))
        return call_method(e, x, "__abs__", 0, NULL, c->span);
    return fail(e, c->span, "abs() takes a number, and was given %s", py_describe(e, x));
}

/* Through the decimal text, as Python: rounded half to even of the exact value. */
static double rounded(double x, int digits) {
    char text[400];
    if (!isfinite(x) || digits > 30) return x;
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*f", digits, x);
        return strtod(text, NULL);
    }
    double scale = pow(10, -digits);
    return nearbyint(x / scale) * scale;
}

Py native_builtins_round(Elab *e, Call *c) {
    Py x = c->arg[0];
    int64_t digits = 0;
    bool given = c->arg[1]->kind != PY_NONE;
    if (given && !py_static_int(e, c->arg[1], &digits))
        return fail(e, c->span, "the number of digits must be known when compiling");
    if (x->kind == PY_ARRAY) return call_method(e, x, "round", given, &c->arg[1], c->span);
    if (x->kind == PY_FLOAT)
        return given ? py_float(e, rounded(x->number, (int)digits)) : int_of_real(e, nearbyint(x->number), c->span);
    if (x->kind == PY_BOOL || x->kind == PY_INT) {
        if (digits >= 0) return py_int(e, x->integer);
        return int_of_real(e, rounded((double)x->integer, (int)digits), c->span);
    }
    if (x->kind == PY_SCALAR && x->scalar.number <= NUMBER_INT) return x;
    if (x->kind == PY_SCALAR && x->scalar.number == NUMBER_FLOAT) {
        Value *v = scalar_value(e, x, NUMBER_FLOAT);
        if (!given) return py_scalar(e, NUMBER_INT, ir_convert(e->b, ir_round(e->b, v), DT_i64));
        Value *scale = ir_fill(e->b, v->type, pow(10, (double)digits));
        return py_scalar(e, NUMBER_FLOAT, ir_div(e->b, ir_round(e->b, ir_mul(e->b, v, scale)), scale));
    }
    return fail(e, c->span, "round() takes a number, and was given %s", py_describe(e, x));
}

Py native_builtins_divmod(Elab *e, Call *c) {
    Py both[] = { binary(e, OPERATOR_FloorDiv, c->arg[0], c->arg[1], c->span),
                  binary(e, OPERATOR_Mod, c->arg[0], c->arg[1], c->span) };
    return both[0]->kind == PY_ERROR || both[1]->kind == PY_ERROR ? e->error : py_tuple(e, 2, both);
}

Py native_builtins_pow(Elab *e, Call *c) {
    Py r = binary(e, OPERATOR_Pow, c->arg[0], c->arg[1], c->span);
    if (c->arg[2]->kind == PY_NONE) return r;
    int64_t x, y, m;
    if (!py_static_int(e, c->arg[0], &x) || !py_static_int(e, c->arg[1], &y) || !py_static_int(e, c->arg[2], &m) ||
        m <= 0 || y < 0)
        return fail(e, c->span, "pow() with a modulus takes ints that are known when compiling, the last two positive");
    Int128 z = 1 % m, base = x % m;
    for (; y; y >>= 1, base = base * base % m)
        if (y & 1) z = z * base % m;
    return py_int(e, z < 0 ? z + m : z);
}

Py native_builtins_id(Elab *e, Call *c) { return py_int(e, c->arg[0]->born); }

Py native_builtins_hash(Elab *e, Call *c) {
    int64_t n;
    const char *s;
    if (py_static_int(e, c->arg[0], &n)) return py_int(e, n);
    if (py_static_text(c->arg[0], &s)) return py_int(e, (Int128)(hash_bytes(s, strlen(s), 0) >> 1));
    return fail(e, c->span, "hash() of %s is not supported", py_describe(e, c->arg[0]));
}

Py native_builtins_chr(Elab *e, Call *c) {
    Py x = c->arg[0]->kind == PY_ARRAY ? number_of_array(e, c->arg[0], c->span) : c->arg[0];
    if (x->kind == PY_ERROR) return x;
    if (!py_is_number(x) || py_number_kind(x) > NUMBER_INT)
        return fail(e, c->span, "chr() takes an int, and was given %s", py_describe(e, x));
    int64_t u;
    if (py_static_int(e, x, &u) && (u < 0 || u >= 0x110000))
        return fail(e, c->span, "chr() arg not in range(0x110000)");
    return text_of(e, x, 'f', "c", c->span);
}

Py native_builtins_ord(Elab *e, Call *c) {
    int32_t point = code_point(c->arg[0]);
    return point < 0 ? fail(e, c->span, "ord() takes a str of one character, known when compiling") : py_int(e, point);
}

static Py in_base(Elab *e, Call *c, const char *spec) { return text_of(e, c->arg[0], 'f', spec, c->span); }
Py native_builtins_hex(Elab *e, Call *c) { return in_base(e, c, "#x"); }
Py native_builtins_oct(Elab *e, Call *c) { return in_base(e, c, "#o"); }
Py native_builtins_bin(Elab *e, Call *c) { return in_base(e, c, "#b"); }

Py native_builtins_slice(Elab *e, Call *c) {
    const Contents *a = c->arg[0]->contents;
    if (a->n == 1) return py_slice(e, e->none, a->at[0], e->none);
    if (a->n < 1 || a->n > 3) return fail(e, c->span, "slice() takes 1 to 3 arguments, and was given %d", a->n);
    return py_slice(e, a->at[0], a->at[1], a->n == 3 ? a->at[2] : e->none);
}

/* jnp.float32(x) */
Py native_dtype___call__(Elab *e, Call *c) {
    bool numpy = c->arg[0]->maker && strcmp(c->arg[0]->maker, "numpy") == 0;
    Py t = py_dtype(e, numpy ? c->arg[0]->dtype : canonical_dtype(e, c->arg[0]->dtype));
    if (numpy) return call_values(e, py_native(e, "primitives", "array"), 3, (Py[]){ c->arg[1], t, e->true_ }, c->span);
    return call_values(e, py_native(e, "primitives", "array"), 2, (Py[]){ c->arg[1], t }, c->span);
}
