/* rounded: elementwise operations that must know how their dtype rounds. */
#include "ops/rules.h"

#include <math.h>
#include <string.h>

static const char *shape_float_like(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    for (int i = 1; i < in->nargs; i++)
        if (in->args[i]->type != x) return arena_text(cx->arena, "%s: the types differ", op_name(in->op));
    if (!dtype_is_float(x->dtype))
        return arena_text(cx->arena, "%s is not defined on %s", op_name(in->op), dtype_name(x->dtype));
    results[0] = x;
    return NULL;
}

static bool eval_fma(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    DType d = y->type->dtype;
    for (int64_t i = 0; i < y->n; i++) {
        double a = element_real(d, tensor_at(&x[0], i)), b = element_real(d, tensor_at(&x[1], i));
        double c = element_real(d, tensor_at(&x[2], i));
        bool single = d == DT_f32; /* rounded to double first it would be rounded twice */
        element_set_real(d, tensor_slot(y, i), single ? (double)fmaf((float)a, (float)b, (float)c) : fma(a, b, c));
    }
    return true;
}
const Rules rules_fma = { .shape = shape_float_like, .eval = eval_fma, .jvp = jvp_fma, .transpose = transpose_fma };

static double next_real(DType d, double x, double towards) {
    if (d == DT_f64) return nextafter(x, towards);
    if (d == DT_f32) return (double)nextafterf((float)x, (float)towards);
    if (isnan(x) || isnan(towards)) return (double)NAN;
    if (x == towards) return towards;
    uint16_t bits;
    element_set_real(d, &bits, x);
    if ((bits & 0x7fff) == 0)
        bits = towards > 0 ? 1 : 0x8001;
    else
        bits = (uint16_t)((towards > x) == (x > 0) ? bits + 1 : bits - 1);
    return element_real(d, &bits);
}
static bool eval_nextafter(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    DType d = y->type->dtype;
    for (int64_t i = 0; i < y->n; i++)
        element_set_real(d, tensor_slot(y, i),
                         next_real(d, element_real(d, tensor_at(&x[0], i)), element_real(d, tensor_at(&x[1], i))));
    return true;
}
const Rules rules_nextafter = { .shape = shape_float_like, .eval = eval_nextafter };

/* x to the n by squaring, lowest bit of n first, each product rounded to the dtype; then 1 over it where n < 0. */
static const char *shape_integer_pow(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (x->dtype == DT_bool || (in->attrs->exponent < 0 && !dtype_is_inexact(x->dtype)))
        return arena_text(cx->arena, "%s to the power %lld", dtype_name(x->dtype), (long long)in->attrs->exponent);
    results[0] = x;
    return NULL;
}
static void multiply(DType d, void *x, const void *by) {
    double a[2], b[2];
    if (!dtype_is_inexact(d)) {
        element_set_int(d, x, (int64_t)((uint64_t)element_int(d, x) * (uint64_t)element_int(d, by)));
        return;
    }
    element_complex(d, x, a);
    element_complex(d, by, b);
    if (dtype_is_complex(d))
        element_set_complex(d, x, (double[]){ a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0] });
    else
        element_set_real(d, x, a[0] * b[0]);
}
static bool eval_integer_pow(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev;
    DType d = y->type->dtype;
    int64_t exponent = in->attrs->exponent;
    for (int64_t i = 0; i < y->n; i++) {
        char base[16], power[16];
        memcpy(base, tensor_at(x, i), (size_t)dtype_bytes(d));
        element_set_int(d, power, 1);
        for (uint64_t n = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent; n; n >>= 1) {
            if (n & 1) multiply(d, power, base);
            if (n > 1) multiply(d, base, base);
        }
        if (exponent < 0) {
            double z[2], size;
            element_complex(d, power, z);
            size = z[0] * z[0] + z[1] * z[1];
            if (dtype_is_complex(d))
                element_set_complex(d, power, (double[]){ z[0] / size, -z[1] / size });
            else
                element_set_real(d, power, 1 / z[0]);
        }
        memcpy(tensor_slot(y, i), power, (size_t)dtype_bytes(d));
    }
    return true;
}
const Rules rules_integer_pow = {
    .shape = shape_integer_pow, .eval = eval_integer_pow, .fold = fold_integer_pow, .jvp = jvp_integer_pow
};
