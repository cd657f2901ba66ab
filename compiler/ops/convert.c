/* convert: elementwise operations whose arguments and results are of different dtypes. */
#include "ops/rules.h"

#include <string.h>

const char *shape_bool(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (in->nargs == 2 && in->args[1]->type != x)
        return arena_text(cx->arena, "%s of %s and %s: the types differ", op_name(in->op), type_text(cx, x),
                          type_text(cx, in->args[1]->type));
    if (dtype_is_complex(x->dtype) && !op_rules[in->op]->complex)
        return arena_text(cx->arena, "%s is not defined on %s", op_name(in->op), dtype_name(x->dtype));
    results[0] = type_with_dtype(cx, x, DT_bool);
    return NULL;
}

const char *shape_part(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (in->op != OP_abs && !dtype_is_complex(x->dtype))
        return arena_text(cx->arena, "%s is not defined on %s", op_name(in->op), dtype_name(x->dtype));
    results[0] = type_with_dtype(cx, x, dtype_real(x->dtype));
    return NULL;
}

static const char *shape_convert(Compiler *cx, const Inst *in, const Type **results) {
    results[0] = type_with_dtype(cx, in->args[0]->type, in->attrs->dtype);
    return NULL;
}
static void convert_element(DType from, const void *x, DType to, void *y) {
    double z[2];
    if (to == DT_bool) {
        element_complex(from, x, z);
        element_set_int(to, y, z[0] != 0 || z[1] != 0);
    } else if (dtype_is_inexact(from) && dtype_is_complex(to)) {
        element_complex(from, x, z);
        element_set_complex(to, y, z);
    } else if (dtype_is_inexact(from)) {
        element_set_real(to, y, element_real(from, x));
    } else {
        int64_t i = element_int(from, x);
        if (from == DT_u64 && i < 0 && dtype_is_inexact(to)) { /* half of it, keeping the bit that decides a tie */
            element_set_int(to, y, (int64_t)((uint64_t)i >> 1 | ((uint64_t)i & 1)));
            element_set_real(to, y, 2 * element_real(to, y));
        } else {
            element_set_int(to, y, i);
        }
    }
}
static bool eval_convert(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    for (int64_t i = 0; i < y->n; i++)
        convert_element(x->type->dtype, tensor_at(x, i), y->type->dtype, tensor_slot(y, i));
    return true;
}
const Rules rules_convert = {
    .shape = shape_convert, .eval = eval_convert, .fold = fold_convert, .transpose = transpose_convert
};

static const char *shape_bitcast(Compiler *cx, const Inst *in, const Type **results) {
    DType from = in->args[0]->type->dtype, to = in->attrs->dtype;
    if (dtype_bytes(from) != dtype_bytes(to))
        return arena_text(cx->arena, "%s and %s have different widths", dtype_name(from), dtype_name(to));
    results[0] = type_with_dtype(cx, in->args[0]->type, to);
    return NULL;
}
static bool eval_bitcast(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    memcpy(y->bytes, x->bytes, (size_t)y->n * (size_t)dtype_bytes(y->type->dtype));
    return true;
}
const Rules rules_bitcast = { .shape = shape_bitcast, .eval = eval_bitcast, .fold = fold_bitcast };

static const char *shape_complex(Compiler *cx, const Inst *in, const Type **results) {
    const Type *x = in->args[0]->type;
    if (in->args[1]->type != x || (x->dtype != DT_f32 && x->dtype != DT_f64))
        return arena_text(cx->arena, "complex of %s and %s", type_text(cx, x), type_text(cx, in->args[1]->type));
    results[0] = type_with_dtype(cx, x, x->dtype == DT_f32 ? DT_c64 : DT_c128);
    return NULL;
}
static bool eval_complex(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    DType d = x->type->dtype;
    for (int64_t i = 0; i < y->n; i++) {
        double z[2] = { element_real(d, tensor_at(&x[0], i)), element_real(d, tensor_at(&x[1], i)) };
        element_set_complex(y->type->dtype, tensor_slot(y, i), z);
    }
    return true;
}
const Rules rules_complex = { .shape = shape_complex, .eval = eval_complex, .transpose = transpose_complex };

static const char *shape_select(Compiler *cx, const Inst *in, const Type **results) {
    const Type *c = in->args[0]->type, *x = in->args[1]->type;
    if (in->args[2]->type != x || c != type_with_dtype(cx, x, DT_bool))
        return arena_text(cx->arena, "select by %s between %s and %s", type_text(cx, c), type_text(cx, x),
                          type_text(cx, in->args[2]->type));
    results[0] = x;
    return NULL;
}
static bool eval_select(Eval *ev, const Inst *in, const Tensor *x, Tensor *y) {
    (void)ev, (void)in;
    size_t bytes = (size_t)dtype_bytes(y->type->dtype);
    for (int64_t i = 0; i < y->n; i++) memcpy(tensor_slot(y, i), tensor_at(&x[tensor_int(&x[0], i) ? 1 : 2], i), bytes);
    return true;
}
const Rules rules_select = {
    .shape = shape_select, .eval = eval_select, .fold = fold_select, .transpose = transpose_select
};
