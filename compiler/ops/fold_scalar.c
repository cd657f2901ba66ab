/* fold_scalar: identities of elementwise operations.
**
** Each holds for every value: x + 0 is not x where x is -0, but x + -0 is; x * 0 is not 0 where x is nan. */
#include "ops/rules.h"

#include <math.h>

static bool is_splat(const Value *v, double x) {
    double have;
    return value_is_splat(v, &have) && have == x && signbit(have) == signbit(x);
}
static bool is_made_by(const Value *v, Op op) { return v->def && v->def->op == op; }
static bool is_float(const Value *v) { return dtype_is_inexact(v->type->dtype); }
static Value *zero_like(Builder *b, const Value *v) { return ir_fill_int(b, v->type, 0); }

Value *fold_neg(Builder *b, const Inst *in) {
    (void)b;
    Value *x = in->args[0];
    return is_made_by(x, OP_neg) ? x->def->args[0] : NULL;
}
Value *fold_not(Builder *b, const Inst *in) {
    (void)b;
    Value *x = in->args[0];
    return is_made_by(x, OP_not) ? x->def->args[0] : NULL;
}

/* In integers -1 is all ones; a bool's is 1. */
static bool is_all_ones(const Value *v) {
    Data data;
    if (!value_is_constant(v, &data) || data.n != 1) return false;
    DType d = v->type->dtype;
    char ones[8];
    element_set_int(d, ones, d == DT_bool ? 1 : -1);
    return element_int(d, data.bytes) == element_int(d, ones);
}
Value *fold_and(Builder *b, const Inst *in) {
    Value *x = in->args[0], *y = in->args[1];
    if (x == y || is_all_ones(y)) return x;
    if (is_all_ones(x)) return y;
    return value_is_zero(x) || value_is_zero(y) ? zero_like(b, x) : NULL;
}
Value *fold_or(Builder *b, const Inst *in) {
    (void)b;
    Value *x = in->args[0], *y = in->args[1];
    if (x == y || value_is_zero(y) || is_all_ones(x)) return x;
    return value_is_zero(x) || is_all_ones(y) ? y : NULL;
}

/* Numbers that count are never -0, so 0 may be added to them. */
static bool is_nothing_to(const Value *v, const Value *x) {
    bool counts = is_made_by(x, OP_iota) || (is_made_by(x, OP_convert) && !is_float(x->def->args[0]));
    return is_float(x) ? is_splat(v, -0.0) || (counts && is_splat(v, 0)) : is_splat(v, 0);
}
Value *fold_add(Builder *b, const Inst *in) {
    (void)b;
    Value *x = in->args[0], *y = in->args[1];
    if (dtype_is_complex(x->type->dtype)) return NULL;
    return is_nothing_to(y, x) ? x : is_nothing_to(x, y) ? y : NULL;
}
Value *fold_sub(Builder *b, const Inst *in) {
    Value *x = in->args[0], *y = in->args[1];
    if (dtype_is_complex(x->type->dtype)) return NULL;
    if (is_splat(y, 0)) return x;
    return x == y && !is_float(x) ? zero_like(b, x) : NULL;
}
Value *fold_mul(Builder *b, const Inst *in) {
    Value *x = in->args[0], *y = in->args[1];
    if (dtype_is_complex(x->type->dtype)) return NULL;
    if (is_splat(y, 1)) return x;
    if (is_splat(x, 1)) return y;
    return !is_float(x) && (value_is_zero(x) || value_is_zero(y)) ? zero_like(b, x) : NULL;
}
Value *fold_div(Builder *b, const Inst *in) {
    (void)b;
    Value *x = in->args[0];
    return is_splat(in->args[1], 1) && !dtype_is_complex(x->type->dtype) ? x : NULL;
}

/* Finite whatever the program is given: a number, or what was a bool or an integer. */
static bool is_finite_for_sure(const Value *v) {
    double r;
    if (value_is_splat(v, &r)) return isfinite(r);
    if (!v->def) return false;
    if (v->def->op == OP_convert) return !dtype_is_inexact(v->def->args[0]->type->dtype);
    bool same = v->def->op == OP_broadcast || v->def->op == OP_reshape || v->def->op == OP_transpose;
    return same && is_finite_for_sure(v->def->args[0]);
}

/* With a finite residual, or a cotangent that is not zero, the zero needs no guarding. */
Value *fold_cotangent_mul(Builder *b, const Inst *in) {
    Value *ct = in->args[0], *y = in->args[1];
    double seed;
    if (value_is_zero(ct)) return zero_like(b, ct);
    bool nonzero = value_is_splat(ct, &seed) && seed != 0;
    return nonzero || is_finite_for_sure(y) ? ir_mul(b, ct, y) : NULL;
}

/* Does every number of `from` have its equal in `to`? */
static bool widens(DType from, DType to) {
    DTypeKind k = dtype_kind(from), l = dtype_kind(to);
    int n = dtype_bytes(from), m = dtype_bytes(to);
    if (from == to || k == KIND_BOOL) return true;
    if (k == KIND_FLOAT && l == KIND_COMPLEX) return widens(from, dtype_real(to));
    if (k == l) return m > n;
    if (k == KIND_UNSIGNED && l == KIND_SIGNED) return m > n;
    if ((k == KIND_SIGNED || k == KIND_UNSIGNED) && l == KIND_FLOAT) /* digits of the fraction against bits */
        return 8 * n <= (to == DT_f64 ? 53 : to == DT_f32 ? 24 : to == DT_f16 ? 11 : 8);
    return false;
}
Value *fold_convert(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    DType to = in->attrs->dtype;
    if (x->type->dtype == to) return x;
    if (!is_made_by(x, OP_convert)) return NULL;
    Value *first = x->def->args[0];
    if (!widens(first->type->dtype, x->type->dtype)) return NULL;
    if (first->type->dtype == to) return first;
    return widens(first->type->dtype, to) ? ir_convert(b, first, to) : NULL;
}
Value *fold_bitcast(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    if (x->type->dtype == in->attrs->dtype) return x;
    return is_made_by(x, OP_bitcast) ? ir_bitcast(b, x->def->args[0], in->attrs->dtype) : NULL;
}
Value *fold_select(Builder *b, const Inst *in) {
    Value *c = in->args[0], *x = in->args[1], *y = in->args[2];
    double known;
    if (x == y) return x;
    if (value_is_splat(c, &known)) return known != 0 ? x : y;
    return is_made_by(c, OP_not) ? ir_select(b, c->def->args[0], y, x) : NULL;
}
Value *fold_integer_pow(Builder *b, const Inst *in) {
    Value *x = in->args[0];
    switch (in->attrs->exponent) {
    case 0: return ir_fill_int(b, x->type, 1);
    case 1: return x;
    case 2: return ir_mul(b, x, x);
    default: return NULL;
    }
}

/* Python's integers: what is computed from sizes alone is a size. */
static const Dim *known_size(Builder *b, const Value *v) {
    Data data;
    if (v->type->rank) return NULL;
    if (is_made_by(v, OP_size)) return v->def->attrs->dim;
    return value_is_constant(v, &data) ? dim_int(b->cx, element_int(DT_i64, data.bytes)) : NULL;
}
/* Numbers alone are not sizes: their overflow is the program's. */
static bool are_sizes(const Dim *x, const Dim *y) { return x && y && !(dim_is_int(x, NULL) && dim_is_int(y, NULL)); }
Value *fold_int_add(Builder *b, const Inst *in) {
    const Dim *x = known_size(b, in->args[0]), *y = known_size(b, in->args[1]);
    if (are_sizes(x, y)) return ir_size(b, dim_add(b->cx, x, y));
    return value_is_zero(in->args[1]) ? in->args[0] : value_is_zero(in->args[0]) ? in->args[1] : NULL;
}
Value *fold_int_sub(Builder *b, const Inst *in) {
    const Dim *x = known_size(b, in->args[0]), *y = known_size(b, in->args[1]);
    if (are_sizes(x, y)) return ir_size(b, dim_sub(b->cx, x, y));
    return value_is_zero(in->args[1]) ? in->args[0] : NULL;
}
Value *fold_int_mul(Builder *b, const Inst *in) {
    const Dim *x = known_size(b, in->args[0]), *y = known_size(b, in->args[1]);
    if (are_sizes(x, y)) return ir_size(b, dim_mul(b->cx, x, y));
    return is_splat(in->args[1], 1) ? in->args[0] : is_splat(in->args[0], 1) ? in->args[1] : NULL;
}
static const Dim *divisor(Builder *b, const Inst *in) { /* known not to be 0 */
    const Dim *y = known_size(b, in->args[1]);
    return y && dim_is_int(y, NULL) && !dim_is(y, 0) ? y : NULL;
}
Value *fold_int_floordiv(Builder *b, const Inst *in) {
    const Dim *x = known_size(b, in->args[0]), *y = divisor(b, in);
    return x && y && !dim_is_int(x, NULL) ? ir_size(b, dim_floordiv(b->cx, x, y)) : NULL;
}
Value *fold_int_mod(Builder *b, const Inst *in) {
    const Dim *x = known_size(b, in->args[0]), *y = divisor(b, in);
    return x && y && !dim_is_int(x, NULL) ? ir_size(b, dim_mod(b->cx, x, y)) : NULL;
}
