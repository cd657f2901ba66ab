/* numbers: Python's own arithmetic, on numbers that are known and on those that are not.
**
** Static ints are exact to 128 bits.  At run time ints are i64 and overflow traps; floats are f64.  Ints whose size
** expression is known stay size expressions through +, -, *, //, %, min and max. */
#include "elaborate/counters.h"

#include <complex.h>
#include <math.h>
#include <string.h>

const char *int_text(Elab *e, Int128 x) {
    char digits[48], *p = digits + sizeof digits;
    bool negative = x < 0;
    __extension__ unsigned __int128 u = negative ? -(unsigned __int128)x : (unsigned __int128)x;
    *--p = 0;
    do *--p = (char)('0' + (int)(u % 10));
    while (u /= 10);
    if (negative) *--p = '-';
    return arena_text(e->arena, "%s", p);
}

static Py too_large(Elab *e, Span span) {
    return fail(e, span, "an int known when compiling is exact to 128 bits, and this one is larger");
}

static Py static_int(Elab *e, Operator op, Int128 x, Int128 y, Span span) {
    Int128 z = 0;
    bool over = false;
    switch (op) {
    case OPERATOR_Add: over = __builtin_add_overflow(x, y, &z); break;
    case OPERATOR_Sub: over = __builtin_sub_overflow(x, y, &z); break;
    case OPERATOR_Mult: over = __builtin_mul_overflow(x, y, &z); break;
    case OPERATOR_Div:
        if (!y) return fail(e, span, "division by zero");
        return py_float(e, (double)x / (double)y);
    case OPERATOR_FloorDiv:
    case OPERATOR_Mod: {
        if (!y) return fail(e, span, "integer division or modulo by zero");
        if (y == -1) { /* the one quotient that may not fit */
            over = op == OPERATOR_FloorDiv && __builtin_sub_overflow((Int128)0, x, &z);
            break;
        }
        Int128 q = x / y, r = x % y;
        if (r && (r < 0) != (y < 0)) {
            q--;
            r += y;
        }
        z = op == OPERATOR_Mod ? r : q;
        break;
    }
    case OPERATOR_Pow: {
        if (y < 0) {
            if (!x) return fail(e, span, "0 cannot be raised to a negative power");
            return py_float(e, pow((double)x, (double)y));
        }
        z = 1;
        for (Int128 base = x; y && !over; y >>= 1) {
            if (y & 1) over |= __builtin_mul_overflow(z, base, &z);
            if (y > 1) over |= __builtin_mul_overflow(base, base, &base);
        }
        break;
    }
    case OPERATOR_LShift:
    case OPERATOR_RShift:
        if (y < 0) return fail(e, span, "negative shift count");
        if (op == OPERATOR_RShift) {
            z = y > 126 ? (x < 0 ? -1 : 0) : x >> y;
        } else {
            over = x && (y > 126 || __builtin_mul_overflow(x, (Int128)1 << y, &z));
        }
        break;
    case OPERATOR_BitOr: z = x | y; break;
    case OPERATOR_BitXor: z = x ^ y; break;
    case OPERATOR_BitAnd: z = x & y; break;
    default: return e->error;
    }
    return over ? too_large(e, span) : py_int(e, z);
}

static double float_mod(double x, double y) {
    double r = fmod(x, y);
    if (r && (r < 0) != (y < 0)) r += y;
    return r ? r : copysign(0, y);
}

static double float_floordiv(double x, double y) {
    double r = float_mod(x, y), q = (x - r) / y;
    if (!q) return copysign(0, x / y);
    double f = floor(q);
    return q - f > 0.5 ? f + 1 : f;
}

static Py static_float(Elab *e, Operator op, double x, double y, Span span) {
    switch (op) {
    case OPERATOR_Add: return py_float(e, x + y);
    case OPERATOR_Sub: return py_float(e, x - y);
    case OPERATOR_Mult: return py_float(e, x * y);
    case OPERATOR_Div: return y ? py_float(e, x / y) : fail(e, span, "float division by zero");
    case OPERATOR_FloorDiv:
        return y ? py_float(e, float_floordiv(x, y)) : fail(e, span, "float floor division by zero");
    case OPERATOR_Mod: return y ? py_float(e, float_mod(x, y)) : fail(e, span, "float modulo by zero");
    case OPERATOR_Pow: {
        if (x == 0 && y < 0) return fail(e, span, "0.0 cannot be raised to a negative power");
        if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y)) {
            double complex z = cpow(x, y);
            return py_complex(e, creal(z), cimag(z));
        }
        double z = pow(x, y);
        if (isinf(z) && isfinite(x) && isfinite(y)) return fail(e, span, "this power is too large for a float");
        return py_float(e, z);
    }
    default: return fail(e, span, "`%s` takes ints, and was given a float", operator_text(op));
    }
}

static Py static_complex(Elab *e, Operator op, double complex x, double complex y, Span span) {
    double complex z;
    switch (op) {
    case OPERATOR_Add: z = x + y; break;
    case OPERATOR_Sub: z = x - y; break;
    case OPERATOR_Mult: z = x * y; break;
    case OPERATOR_Div:
        if (y == 0) return fail(e, span, "complex division by zero");
        z = x / y;
        break;
    case OPERATOR_Pow: {
        double n = creal(y);
        if (cimag(y) == 0 && n == floor(n) && fabs(n) <= 100) { /* as Python: by multiplication */
            z = 1;
            double complex base = x;
            for (int k = (int)fabs(n); k; k >>= 1, base *= base)
                if (k & 1) z *= base;
            if (n < 0) z = 1 / z;
        } else {
            z = cpow(x, y);
        }
        break;
    }
    default: return fail(e, span, "`%s` is not defined for complex numbers", operator_text(op));
    }
    return py_complex(e, creal(z), cimag(z));
}

static double complex as_complex(Py x) {
    if (x->kind == PY_COMPLEX) {
        double parts[2] = { x->number, x->imag };
        double complex z;
        memcpy(&z, parts, sizeof z); /* not re + im * I, which loses infinities */
        return z;
    }
    return x->kind == PY_FLOAT ? x->number : (double)x->integer;
}
static double as_real(Py x) { return x->kind == PY_FLOAT ? x->number : (double)x->integer; }

static Py static_number(Elab *e, Operator op, Py x, Py y, Span span) {
    if (x->kind == PY_COMPLEX || y->kind == PY_COMPLEX)
        return static_complex(e, op, as_complex(x), as_complex(y), span);
    if (x->kind == PY_FLOAT || y->kind == PY_FLOAT) return static_float(e, op, as_real(x), as_real(y), span);
    bool bits = op == OPERATOR_BitAnd || op == OPERATOR_BitOr || op == OPERATOR_BitXor;
    if (x->kind == PY_BOOL && y->kind == PY_BOOL && bits)
        return py_bool(e, static_int(e, op, x->integer, y->integer, span)->integer);
    return static_int(e, op, x->integer, y->integer, span);
}

const Dim *number_dim(Elab *e, Py x) {
    int64_t n;
    if (x->kind == PY_SCALAR) return x->scalar.dim;
    if (x->kind != PY_INT || !py_static_int(e, x, &n)) return NULL;
    return dim_int(e->cx, n);
}

static void trap_unless(Elab *e, Value *c, const char *message) {
    emit_inst(e->b, OP_assert, &c, 1, &(Attrs){ .format = name_of(e->cx, message) });
}

/* A size can be divided by this one: it is not negative, and where it is zero the program stops. */
static bool divides(Elab *e, const Dim *d) {
    if (dim_at_least(e->cx, d, dim_int(e->cx, 1))) return true;
    if (dim_is_local(e, d) || dim_is_int(d, NULL) || !dim_at_least(e->cx, d, dim_int(e->cx, 0))) return false;
    trap_unless(e, ir_ne(e->b, ir_size(e->b, d), ir_i64(e->b, 0)), "integer division or modulo by zero");
    return true;
}

/* Size expressions stay what they are, so that shapes made of them can be compared. */
static const Dim *size_arithmetic(Elab *e, Operator op, Py x, Py y) {
    const Dim *a = number_dim(e, x), *b = number_dim(e, y);
    if (!a || !b) return NULL;
    switch (op) {
    case OPERATOR_Add: return dim_add(e->cx, a, b);
    case OPERATOR_Sub: return dim_sub(e->cx, a, b);
    case OPERATOR_Mult: return dim_mul(e->cx, a, b);
    case OPERATOR_FloorDiv: return divides(e, b) ? dim_floordiv(e->cx, a, b) : NULL;
    case OPERATOR_Mod: return divides(e, b) ? dim_mod(e->cx, a, b) : NULL;
    default: return NULL;
    }
}

/* q - floor(q) and the like in f64, as Python does it. */
static Value *run_floordiv(Elab *e, Value *x, Value *y, bool mod) {
    Builder *b = e->b;
    Value *zero = ir_fill(b, x->type, 0), *r = ir_rem(b, x, y);
    trap_unless(e, ir_ne(b, y, zero), mod ? "float modulo by zero" : "float floor division by zero");
    Value *other_sign = ir_xor(b, ir_lt(b, r, zero), ir_lt(b, y, zero));
    r = ir_select(b, ir_and(b, ir_ne(b, r, zero), other_sign), ir_add(b, r, y), r);
    if (mod) return r;
    Value *q = ir_div(b, ir_sub(b, x, r), y), *f = ir_floor(b, q);
    return ir_select(b, ir_gt(b, ir_sub(b, q, f), ir_fill(b, x->type, 0.5)), ir_add(b, f, ir_fill(b, x->type, 1)), f);
}

static Value *run_float(Elab *e, Operator op, Value *x, Value *y) {
    Builder *b = e->b;
    switch (op) {
    case OPERATOR_Add: return ir_add(b, x, y);
    case OPERATOR_Sub: return ir_sub(b, x, y);
    case OPERATOR_Mult: return ir_mul(b, x, y);
    case OPERATOR_Pow: return ir_pow(b, x, y);
    case OPERATOR_Div:
        if (x->type->dtype == DT_f64) trap_unless(e, ir_ne(b, y, ir_fill(b, y->type, 0)), "division by zero");
        return ir_div(b, x, y);
    case OPERATOR_FloorDiv: return run_floordiv(e, x, y, false);
    case OPERATOR_Mod: return run_floordiv(e, x, y, true);
    default: return NULL;
    }
}

static Value *run_int(Elab *e, Operator op, Value *x, Value *y) {
    Builder *b = e->b;
    switch (op) {
    case OPERATOR_Add: return ir_int_add(b, x, y);
    case OPERATOR_Sub: return ir_int_sub(b, x, y);
    case OPERATOR_Mult: return ir_int_mul(b, x, y);
    case OPERATOR_FloorDiv: return ir_int_floordiv(b, x, y);
    case OPERATOR_Mod: return ir_int_mod(b, x, y);
    case OPERATOR_Pow: return ir_int_pow(b, x, y);
    case OPERATOR_BitAnd: return ir_and(b, x, y);
    case OPERATOR_BitOr: return ir_or(b, x, y);
    case OPERATOR_BitXor: return ir_xor(b, x, y);
    case OPERATOR_LShift: return ir_int_mul(b, x, ir_int_pow(b, ir_i64(b, 2), y));
    case OPERATOR_RShift: {
        trap_unless(e, ir_ge(b, y, ir_i64(b, 0)), "negative shift count");
        return ir_shift_right_arithmetic(b, x, ir_min(b, y, ir_i64(b, 63)));
    }
    default: return NULL;
    }
}

Py number_binary(Elab *e, Operator op, Py x, Py y, Span span) {
    if (py_is_static_number(x) && py_is_static_number(y)) return static_number(e, op, x, y, span);
    const Dim *size = size_arithmetic(e, op, x, y);
    NumberKind kx = py_number_kind(x), ky = py_number_kind(y), k = kx > ky ? kx : ky;
    bool bits = op == OPERATOR_BitAnd || op == OPERATOR_BitOr || op == OPERATOR_BitXor;
    if (k == NUMBER_BOOL && !bits) k = NUMBER_INT;
    if (k <= NUMBER_INT && op == OPERATOR_Div) k = NUMBER_FLOAT;
    if (k == NUMBER_INT && op == OPERATOR_Pow && (y->kind != PY_INT || y->integer < 0) && py_is_static_number(y))
        k = NUMBER_FLOAT;
    if (size && !dim_is_local(e, size)) return py_size(e, size);
    Value *a = scalar_value(e, x, k), *b = scalar_value(e, y, k);
    bool fits = size && local_fits(e, size) && (op == OPERATOR_Add || op == OPERATOR_Sub || op == OPERATOR_Mult);
    Value *z = fits ? run_float(e, op, a, b) : k <= NUMBER_INT ? run_int(e, op, a, b) : run_float(e, op, a, b);
    if (!z)
        return fail(e, span, "`%s` is not defined for %s and %s", operator_text(op), py_type_name(e, x),
                    py_type_name(e, y));
    Py result = py_scalar(e, k, z);
    if (size && result->kind == PY_SCALAR) result->scalar.dim = size;
    return result;
}

Py number_unary(Elab *e, Operator op, Py x, Span span) {
    NumberKind k = py_number_kind(x);
    if (op == OPERATOR_Invert && k >= NUMBER_FLOAT)
        return fail(e, span, "`~` takes ints, and was given a %s", py_type_name(e, x));
    if (py_is_static_number(x)) {
        if (k == NUMBER_FLOAT) return py_float(e, op == OPERATOR_USub ? -x->number : x->number);
        if (k == NUMBER_COMPLEX) return op == OPERATOR_USub ? py_complex(e, -x->number, -x->imag) : x;
        if (op == OPERATOR_Invert) return py_int(e, ~x->integer);
        return op == OPERATOR_USub ? static_int(e, OPERATOR_Sub, 0, x->integer, span) : py_int(e, x->integer);
    }
    if (k == NUMBER_BOOL) k = NUMBER_INT;
    if (op == OPERATOR_UAdd) return k == py_number_kind(x) ? x : py_scalar(e, k, scalar_value(e, x, k));
    if (op == OPERATOR_Invert) return py_scalar(e, k, ir_not(e->b, scalar_value(e, x, k)));
    if (k == NUMBER_INT) return number_binary(e, OPERATOR_Sub, py_int(e, 0), x, span);
    return py_scalar(e, k, ir_neg(e->b, scalar_value(e, x, k)));
}

static bool static_order(Operator op, int order, bool unordered) {
    switch (op) {
    case OPERATOR_Eq: return !unordered && order == 0;
    case OPERATOR_NotEq: return unordered || order != 0;
    case OPERATOR_Lt: return !unordered && order < 0;
    case OPERATOR_LtE: return !unordered && order <= 0;
    case OPERATOR_Gt: return !unordered && order > 0;
    default: return !unordered && order >= 0;
    }
}

/* What is certain about two size expressions. */
static int size_order(Elab *e, Operator op, Py x, Py y) {
    const Dim *a = number_dim(e, x), *b = number_dim(e, y), *one = dim_int(e->cx, 1);
    if (!a || !b) return -1;
    if (dim_is_local(e, a) || dim_is_local(e, b)) return a == b ? static_order(op, 0, false) : -1;
    bool ge = dim_at_least(e->cx, a, b), le = dim_at_least(e->cx, b, a);
    bool gt = dim_at_least(e->cx, a, dim_add(e->cx, b, one)), lt = dim_at_least(e->cx, b, dim_add(e->cx, a, one));
    bool equal = a == b, never = dim_never_equal(e->cx, a, b);
    switch (op) {
    case OPERATOR_Eq: return equal ? 1 : never ? 0 : -1;
    case OPERATOR_NotEq: return equal ? 0 : never ? 1 : -1;
    case OPERATOR_Lt: return lt ? 1 : ge ? 0 : -1;
    case OPERATOR_LtE: return le ? 1 : gt ? 0 : -1;
    case OPERATOR_Gt: return gt ? 1 : le ? 0 : -1;
    default: return ge ? 1 : lt ? 0 : -1;
    }
}

Py number_compare(Elab *e, Operator op, Py x, Py y, Span span) {
    NumberKind kx = py_number_kind(x), ky = py_number_kind(y), k = kx > ky ? kx : ky;
    bool equality = op == OPERATOR_Eq || op == OPERATOR_NotEq;
    if (k == NUMBER_COMPLEX && !equality) return fail(e, span, "complex numbers have no order");
    if (py_is_static_number(x) && py_is_static_number(y)) {
        if (k == NUMBER_COMPLEX) return py_bool(e, (as_complex(x) == as_complex(y)) == (op == OPERATOR_Eq));
        if (k == NUMBER_FLOAT) {
            long double a = x->kind == PY_FLOAT ? x->number : (long double)x->integer;
            long double b = y->kind == PY_FLOAT ? y->number : (long double)y->integer;
            return py_bool(e, static_order(op, (a > b) - (a < b), a != a || b != b));
        }
        return py_bool(e, static_order(op, (x->integer > y->integer) - (x->integer < y->integer), false));
    }
    int known = k <= NUMBER_INT ? size_order(e, op, x, y) : -1;
    if (known >= 0) return py_bool(e, known);
    static const Op ops[] = { OP_eq, OP_ne, OP_lt, OP_le, OP_gt, OP_ge };
    Value *a = scalar_value(e, x, k), *b = scalar_value(e, y, k);
    return py_scalar(e, NUMBER_BOOL, ir_binary(e->b, ops[op - OPERATOR_Eq], a, b));
}

Py number_max(Elab *e, Py x, Py y) {
    const Dim *a = number_dim(e, x), *b = number_dim(e, y);
    if (a && b && dim_at_least(e->cx, a, b)) return x;
    if (a && b && dim_at_least(e->cx, b, a)) return y;
    if (a && b && !dim_is_local(e, a) && !dim_is_local(e, b)) return py_size(e, dim_max(e->cx, a, b));
    return py_scalar(e, NUMBER_INT, ir_max(e->b, scalar_value(e, x, NUMBER_INT), scalar_value(e, y, NUMBER_INT)));
}
